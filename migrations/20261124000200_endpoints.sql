-- What a channel missed, by the partner whose it is and since when: read when it recovers.
create index notifications_missed on notifications ((coalesce(owner, partner)), updated_at)
    where state in ('dead-lettered', 'skipped');
