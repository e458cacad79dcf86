-- What finds tickets and partial uploads whose time is over, and lets hosts remove them.
create index secure_url_tickets_over on secure_url_tickets (expires_at);
create index uploads_partial_over on uploads (expires_at) where transfer is null;
grant delete on uploads to lockgate_worker;
