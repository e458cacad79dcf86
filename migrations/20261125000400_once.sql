-- Whether an upload comes in one request that nobody can repeat or go on with: nobody asks after it if it is not received.
alter table uploads add column once boolean not null default false;
