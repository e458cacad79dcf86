-- Until when a sweeper removes the object, so that hosts share the work and what cannot be removed steps back.

alter table payload_objects add column sweep_after timestamptz;
