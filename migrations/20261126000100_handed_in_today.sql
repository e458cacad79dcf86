-- What a partner began on a day, by the age that ids carry: read where no quota counts it. It finds what the index by sender alone
-- found.
create index uploads_begun on uploads (sender, id);
drop index uploads_of_sender;
