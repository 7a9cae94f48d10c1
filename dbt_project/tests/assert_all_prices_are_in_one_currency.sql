-- costs of labour and of computing are added up, and no rate of exchange is known
select count(distinct currency) as currencies
from {{ ref('rate_card') }}
having count(distinct currency) > 1
