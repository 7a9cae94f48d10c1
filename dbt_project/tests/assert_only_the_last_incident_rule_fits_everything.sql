-- Every incident finds a rule, and no rule stands behind one that leaves it nothing.
select precedence
from {{ ref('incident_type_rules') }}
where
    (source is null and pattern is null)
    <> (precedence = (select max(rules.precedence) from {{ ref('incident_type_rules') }} as rules))
