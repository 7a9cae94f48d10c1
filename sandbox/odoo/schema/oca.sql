-- OCA helpdesk_mgmt 18 with helpdesk_mgmt_sla and helpdesk_mgmt_timesheet.

create table if not exists helpdesk_ticket_team (
    id serial primary key,
    name jsonb not null,
    user_id integer references res_users deferrable initially deferred,
    parent_id integer references helpdesk_ticket_team deferrable initially deferred,
    company_id integer references res_company deferrable initially deferred,
    resource_calendar_id integer references resource_calendar deferrable initially deferred,
    use_sla boolean,
    active boolean default true,
    sequence integer,
    color integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket_stage (
    id serial primary key,
    name jsonb not null,
    description jsonb,
    sequence integer,
    active boolean default true,
    unattended boolean,
    closed boolean,
    close_from_portal boolean,
    fold boolean,
    company_id integer references res_company deferrable initially deferred,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket_category (
    id serial primary key,
    name jsonb not null,
    active boolean default true,
    company_id integer references res_company deferrable initially deferred,
    sequence integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket_channel (
    id serial primary key,
    name jsonb not null,
    active boolean default true,
    company_id integer references res_company deferrable initially deferred,
    sequence integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket_tag (
    id serial primary key,
    name jsonb not null,
    active boolean default true,
    company_id integer references res_company deferrable initially deferred,
    sequence integer,
    color integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_sla (
    id serial primary key,
    name varchar not null,
    active boolean default true,
    team_id integer references helpdesk_ticket_team on delete cascade deferrable initially deferred,
    stage_id integer references helpdesk_ticket_stage deferrable initially deferred,
    days integer,
    hours integer,
    company_id integer references res_company deferrable initially deferred,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket (
    id serial primary key,
    number varchar,
    name varchar not null,
    description text not null,
    notes text,
    user_id integer references res_users on delete set null deferrable initially deferred,
    stage_id integer references helpdesk_ticket_stage deferrable initially deferred,
    partner_id integer references res_partner on delete set null deferrable initially deferred,
    commercial_partner_id integer
        references res_partner on delete set null deferrable initially deferred,
    partner_name varchar,
    partner_email varchar,
    last_stage_update timestamp,
    assigned_date timestamp,
    closed_date timestamp,
    unattended boolean,
    company_id integer not null references res_company deferrable initially deferred,
    channel_id integer
        references helpdesk_ticket_channel on delete set null deferrable initially deferred,
    category_id integer
        references helpdesk_ticket_category on delete set null deferrable initially deferred,
    team_id integer
        references helpdesk_ticket_team on delete set null deferrable initially deferred,
    priority varchar default '1',
    color integer,
    kanban_state varchar,
    sequence integer,
    active boolean default true,
    properties jsonb,
    duplicate_id integer,
    email_cc varchar,
    access_token varchar,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket_sla (
    id serial primary key,
    ticket_id integer not null
        references helpdesk_ticket on delete cascade deferrable initially deferred,
    sla_id integer not null
        references helpdesk_sla on delete cascade deferrable initially deferred,
    deadline timestamp,
    hours double precision,
    expected_stage_id integer
        references helpdesk_ticket_stage on delete set null deferrable initially deferred,
    consumed_time double precision,
    last_state_date timestamp,
    state varchar,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists helpdesk_ticket_helpdesk_ticket_tag_rel (
    helpdesk_ticket_id integer not null
        references helpdesk_ticket on delete cascade deferrable initially deferred,
    helpdesk_ticket_tag_id integer not null
        references helpdesk_ticket_tag on delete cascade deferrable initially deferred,
    primary key (helpdesk_ticket_id, helpdesk_ticket_tag_id)
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
    ticket_id integer
        references helpdesk_ticket on delete set null deferrable initially deferred,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);
