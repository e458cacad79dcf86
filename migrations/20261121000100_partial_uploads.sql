-- Partial uploads: bytes that come side by side over several connections and are assembled into one transfer.

-- A partial upload has no transfer; an assembled one names its partial ones, in order.
alter table uploads alter column transfer drop not null;
alter table uploads add column assembles uuid[];
alter table uploads add constraint uploads_partial check (transfer is not null or assembles is null);

-- What belongs to a partial upload is needed until that expires.
alter table payload_objects alter column transfer drop not null;
alter table payload_objects add column upload uuid references uploads;
alter table payload_objects add constraint payload_objects_owner check ((transfer is null) <> (upload is null));
create index payload_objects_of_upload on payload_objects (upload) where upload is not null;
