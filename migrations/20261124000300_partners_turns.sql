-- What is due, partner by partner: one partner's backlog is not looked at to find another's work.

drop index transfers_due;
create index transfers_due on transfers (sender, due_at) where state = 'received' and claimed_by is null;
drop index consignments_due;
create index consignments_due on consignments (receiver, due_at) where state = 'pending' and claimed_by is null;
