-- Who asks. `lockgate_api` says so in every transaction; without it nothing is seen.
-- The roles themselves belong to the cluster, not to this database: `lockgate migrate` makes them before this file runs.

-- The partner for whom the viewer acts; null for operators and for nobody.
create function viewer_partner() returns uuid
    language sql stable parallel safe
    return case when current_setting('lockgate.role', true) in ('partner', 'integrator')
                then nullif(current_setting('lockgate.partner', true), '')::uuid end;

create function viewer_is_operator() returns boolean
    language sql stable parallel safe
    return coalesce(current_setting('lockgate.role', true) = 'operator', false);
