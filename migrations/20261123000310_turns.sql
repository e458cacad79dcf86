-- Deliveries that are due, destination by destination, and who stands first in an ordered destination's line.

drop index deliveries_due;
-- At which destinations there is anything to do.
create index deliveries_open on deliveries (destination) where state = 'scheduled' and claimed_by is null;
-- Those that wait for their time alone.
create index deliveries_free on deliveries (destination, due_at)
    where state = 'scheduled' and claimed_by is null and position is null and (waits is null or waits in ('line', 'partner'));
-- Those that wait for a place or for the breaker, each for itself.
create index deliveries_kept on deliveries (destination, waits, due_at)
    where state = 'scheduled' and claimed_by is null and position is null and waits in ('slot', 'breaker');

create index redrive_lanes_at on redrive_lanes (destination) where not done;

-- The lowest position of a destination that is scheduled, or dead and yet to be scheduled again by a running redrive: live
-- deliveries behind it wait, so that a redrive keeps the order. A dead letter that the redrive will not choose holds the
-- line up until its lane has passed it. Paused, cancelled or at a disabled destination a redrive holds up nobody.
create function first_in_line(at uuid) returns bigint language plpgsql stable as $$
begin
    -- plpgsql, because it keeps its plan.
    return least(
        (select min(d.position) from deliveries d
         where d.destination = at and d.state = 'scheduled' and d.position is not null),
        (select min(dead.position)
         from redrive_lanes l
         join redrives r on r.id = l.redrive and r.state = 'running' and r.kind = 'dead-letters'
         join destinations t on t.id = l.destination and t.status = 'active'
         cross join lateral (
            select d.position from deliveries d
            where d.destination = at and d.state = 'dead-lettered' and d.position is not null
              and d.updated_at <= r.created_at
              and (coalesce(d.position, 0), d.id) > (coalesce(l.cursor_position, -1),
                                                     coalesce(l.cursor_delivery, '00000000-0000-0000-0000-000000000000'))
            order by coalesce(d.position, 0), d.id limit 1) dead
         where l.destination = at and not l.done));
end
$$;
