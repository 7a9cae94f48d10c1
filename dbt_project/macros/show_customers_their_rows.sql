{% macro show_customers_their_rows() -%}
    {#-
        Post-hook of every mart, in the transaction that builds it: who may see which rows. The reader
        sees all; a customer's login sees the rows whose customer_key ops.customer_roles names for it,
        and nothing of a mart without that column. The array is read once per query, and an index on
        customer_key serves it.
    -#}
    {%- if 'customer_key' in model.columns -%}
        do $$
        begin
            if not (select relrowsecurity from pg_class where oid = '{{ this }}'::regclass) then
                alter table {{ this }} enable row level security;
                create policy reader_sees_all on {{ this }} for select to opsmart_reader using (true);
                create policy customer_sees_own on {{ this }} for select to opsmart_tenant using (
                    customer_key = any(array(
                        select customer_roles.customer_key
                        from ops.customer_roles
                        where customer_roles.role_name = current_user
                    ))
                );
                grant select on {{ this }} to opsmart_tenant;
            end if;
        end
        $$
    {%- endif -%}
{%- endmacro %}
