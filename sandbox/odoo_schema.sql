-- The part of an Odoo 18 Enterprise database that a helpdesk needs. Timestamps hold UTC without zone,
-- translated names are jsonb. Foreign keys are deferrable only so that whole tables can be filled in
-- any order; a reader cannot tell.

create table if not exists res_company (
    id serial primary key,
    name varchar not null,
    partner_id integer not null,
    currency_id integer,
    parent_id integer references res_company deferrable initially deferred,
    parent_path varchar,
    email varchar,
    phone varchar,
    active boolean default true,
    sequence integer,
    create_uid integer,
    write_uid integer,
    create_date timestamp,
    write_date timestamp
);

create table if not exists res_partner (
    id serial primary key,
    company_id integer references res_company on delete set null deferrable initially deferred,
    name varchar,
    complete_name varchar,
    title integer,
    parent_id integer references res_partner on delete set null deferrable initially deferred,
    user_id integer,
    state_id integer,
    country_id integer,
    industry_id integer,
    commercial_partner_id integer
        references res_partner on delete set null deferrable initially deferred,
    ref varchar,
    lang varchar,
    tz varchar,
    vat varchar,
    company_registry varchar,
    website varchar,
    function varchar,
    type varchar default 'contact',
    street varchar,
    street2 varchar,
    zip varchar,
    city varchar,
    email varchar,
    email_normalized varchar,
    phone varchar,
    mobile varchar,
    phone_sanitized varchar,
    commercial_company_name varchar,
    company_name varchar,
    comment text,
    active boolean default true,
    employee boolean,
    is_company boolean,
    partner_share boolean,
    color integer,
    supplier_rank integer,
    customer_rank integer,
    signup_type varchar,
    barcode jsonb,
    create_uid integer,
    write_uid integer,
    create_date timestamp,
    write_date timestamp,
    constraint res_partner_check_name check (type <> 'contact' or name is not null)
);

create table if not exists res_users (
    id serial primary key,
    login varchar not null unique,
    password varchar,
    active boolean default true,
    partner_id integer not null references res_partner deferrable initially deferred,
    company_id integer not null references res_company deferrable initially deferred,
    share boolean,
    signature text,
    action_id integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists ir_model_fields (
    id serial primary key,
    name varchar not null,
    model varchar not null,
    model_id integer,
    field_description jsonb,
    ttype varchar,
    relation varchar,
    state varchar default 'base',
    store boolean default true,
    create_uid integer,
    write_uid integer,
    create_date timestamp,
    write_date timestamp
);

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

create table if not exists mail_message (
    id serial primary key,
    subject varchar,
    date timestamp,
    body text,
    model varchar,
    res_id integer,
    record_name varchar,
    message_type varchar not null,
    subtype_id integer,
    author_id integer references res_partner on delete set null deferrable initially deferred,
    email_from varchar,
    is_internal boolean,
    parent_id integer references mail_message on delete set null deferrable initially deferred,
    message_id varchar,
    reply_to varchar,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists mail_tracking_value (
    id serial primary key,
    field_id integer references ir_model_fields on delete set null deferrable initially deferred,
    field_info jsonb,
    mail_message_id integer not null
        references mail_message on delete cascade deferrable initially deferred,
    old_value_integer integer,
    new_value_integer integer,
    old_value_float double precision,
    new_value_float double precision,
    old_value_char varchar,
    new_value_char varchar,
    old_value_text text,
    new_value_text text,
    old_value_datetime timestamp,
    new_value_datetime timestamp,
    currency_id integer,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create index if not exists res_partner_parent_id_idx on res_partner (parent_id);
create index if not exists res_partner_commercial_idx on res_partner (commercial_partner_id);
create index if not exists helpdesk_ticket_partner_id_idx on helpdesk_ticket (partner_id);
create index if not exists helpdesk_ticket_user_id_idx on helpdesk_ticket (user_id);
create index if not exists helpdesk_sla_status_ticket_id_idx on helpdesk_sla_status (ticket_id);
create index if not exists mail_message_model_res_id_idx on mail_message (model, res_id);
create index if not exists mail_message_author_id_idx on mail_message (author_id);
create index if not exists mail_message_parent_id_idx on mail_message (parent_id);
create index if not exists mail_tracking_value_message_idx on mail_tracking_value (mail_message_id);
