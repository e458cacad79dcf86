-- Columns that repeat what the row stands for anyway (its transfer's sender, its share's receiver), so that rows are found and
-- seen by it. The store writes them together with what they repeat, which is checked: to check them again cost a lookup and a
-- lock on the partner for every row, and no two transactions of one partner could do without sharing that lock.

alter table consignments drop constraint consignments_sender_fkey;
alter table deliveries drop constraint deliveries_transfer_fkey, drop constraint deliveries_receiver_fkey;
alter table attempts drop constraint attempts_receiver_fkey;
alter table decisions drop constraint decisions_partner_fkey;
alter table provenance drop constraint provenance_sender_fkey, drop constraint provenance_receiver_fkey;
alter table events drop constraint events_partner_fkey;
alter table notifications
    drop constraint notifications_transfer_fkey,
    drop constraint notifications_partner_fkey,
    drop constraint notifications_owner_fkey;
