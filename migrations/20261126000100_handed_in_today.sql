-- What a partner began on a day, by the age that ids carry: read where no quota counts it. It finds what the index by sender alone
-- found. That goes first: who holds a lock of the table already and then asks for a stronger one gets in the way of who does the same.
drop index uploads_of_sender;
create index uploads_begun on uploads (sender, id);
