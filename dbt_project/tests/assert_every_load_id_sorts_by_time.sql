-- twenty digits: the facts find what is new by comparing load ids as text
with loads as (
    select * from {{ source('ops', 'loads') }}
)

select load_id
from loads
where load_id !~ '^[0-9]{20}$'
