-- The secure URL by which an upload came: its use is given back if the transfer ends before it was received.
alter table uploads add column secure_url uuid references secure_urls;
