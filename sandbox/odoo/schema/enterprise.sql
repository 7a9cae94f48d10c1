-- Enterprise helpdesk of Odoo 18, with SLA, tags and timesheets.

create table if not exists helpdesk_team (
    id serial primary key,
    name jsonb not null,
    company_id integer references res_company deferrable initially deferred,
    use_sla boolean,
    use_rating boolean,
    resource_calendar_id integer,
    active boolean default true,
    sequence integer,
    color integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_stage (
    id serial primary key,
    name jsonb not null,
    description jsonb,
    sequence integer,
    fold boolean,
    active boolean default true,
    template_id integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_sla (
    id serial primary key,
    name jsonb not null,
    active boolean default true,
    team_id integer references helpdesk_team on delete cascade deferrable initially deferred,
    stage_id integer references helpdesk_stage deferrable initially deferred,
    priority varchar,
    time double precision,
    company_id integer references res_company deferrable initially deferred,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

-- ticket types are told of Odoo 17; whether 18 still has them is not known
create table if not exists helpdesk_ticket_type (
    id serial primary key,
    name jsonb not null,
    active boolean default true,
    sequence integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket (
    id serial primary key,
    ticket_ref varchar,
    name varchar not null,
    description text,
    active boolean default true,
    team_id integer references helpdesk_team on delete set null deferrable initially deferred,
    stage_id integer references helpdesk_stage deferrable initially deferred,
    user_id integer references res_users on delete set null deferrable initially deferred,
    partner_id integer references res_partner on delete set null deferrable initially deferred,
    partner_name varchar,
    partner_email varchar,
    partner_phone varchar,
    closed_by_partner boolean,
    company_id integer references res_company deferrable initially deferred,
    ticket_type_id integer
        references helpdesk_ticket_type on delete set null deferrable initially deferred,
    priority varchar,
    kanban_state varchar,
    color integer,
    date_last_stage_update timestamp,
    assign_date timestamp,
    assign_hours double precision,
    close_date timestamp,
    close_hours double precision,
    open_hours double precision,
    sla_deadline timestamp,
    sla_deadline_hours double precision,
    sla_reached boolean,
    sla_reached_late boolean,
    first_response_hours double precision,
    avg_response_hours double precision,
    total_response_hours double precision,
    answered_customer_message_count integer,
    oldest_unanswered_customer_message_date timestamp,
    rating_last_value double precision,
    email_cc varchar,
    access_token varchar,
    properties jsonb,
    campaign_id integer,
    source_id integer,
    medium_id integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_sla_status (
    id serial primary key,
    ticket_id integer not null references helpdesk_ticket on delete cascade deferrable initially deferred,
    sla_id integer not null references helpdesk_sla on delete cascade deferrable initially deferred,
    sla_stage_id integer references helpdesk_stage on delete set null deferrable initially deferred,
    deadline timestamp,
    reached_datetime timestamp,
    exceeded_hours double precision,
    color integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_tag (
    id serial primary key,
    name jsonb not null,
    color integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_tag_helpdesk_ticket_rel (
    helpdesk_ticket_id integer not null
        references helpdesk_ticket on delete cascade deferrable initially deferred,
    helpdesk_tag_id integer not null
        references helpdesk_tag on delete cascade deferrable initially deferred,
    primary key (helpdesk_ticket_id, helpdesk_tag_id)
);

create table if not exists account_analytic_line (
    id serial primary key,
    name varchar not null,
    date date not null,
    unit_amount double precision,
    amount numeric not null,
    account_id integer,
    project_id integer,
    task_id integer,
    user_id integer references res_users on delete set null deferrable initially deferred,
    employee_id integer,
    partner_id integer references res_partner on delete set null deferrable initially deferred,
    company_id integer not null references res_company deferrable initially deferred,
    currency_id integer,
    product_uom_id integer,
    so_line integer,
    timesheet_invoice_type varchar,
    timesheet_invoice_id integer,
    helpdesk_ticket_id integer
        references helpdesk_ticket on delete set null deferrable initially deferred,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create index if not exists helpdesk_ticket_partner_id_idx on helpdesk_ticket (partner_id);
create index if not exists helpdesk_ticket_user_id_idx on helpdesk_ticket (user_id);
create index if not exists helpdesk_sla_status_ticket_id_idx on helpdesk_sla_status (ticket_id);
create index if not exists account_analytic_line_ticket_idx
    on account_analytic_line (helpdesk_ticket_id);
