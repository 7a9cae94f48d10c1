with prices as (
    select * from {{ ref('rate_card') }}
)

select
    {{ surrogate_key('seed.rate_card', ['rate', "to_char(valid_from, 'YYYYMMDD')"]) }} as rate_key,
    rate,
    unit,
    amount,
    currency,
    valid_from,
    coalesce(valid_to, '9999-12-31'::date) as valid_to
from prices
