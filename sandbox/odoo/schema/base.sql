-- The part of an Odoo 18 database that every helpdesk leans on: people, calendars, mail, ratings.
-- Timestamps hold UTC without zone, translated names are jsonb. Foreign keys are deferrable only so
-- that whole tables can be filled in any order; a reader cannot tell.

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

create table if not exists res_country (
    id serial primary key,
    name jsonb not null,
    code varchar(2) unique,
    currency_id integer,
    phone_code integer,
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

create table if not exists ir_module_module (
    id serial primary key,
    name varchar not null unique,
    state varchar,
    latest_version varchar
);

create table if not exists resource_calendar (
    id serial primary key,
    name varchar not null,
    active boolean default true,
    company_id integer references res_company deferrable initially deferred,
    tz varchar not null,
    hours_per_day double precision,
    two_weeks_calendar boolean,
    flexible_hours boolean,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists resource_calendar_attendance (
    id serial primary key,
    calendar_id integer not null
        references resource_calendar on delete cascade deferrable initially deferred,
    resource_id integer,
    name varchar not null,
    dayofweek varchar not null,
    day_period varchar not null,
    week_type varchar,
    display_type varchar,
    sequence integer,
    date_from date,
    date_to date,
    hour_from double precision not null,
    hour_to double precision not null,
    duration_days double precision,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists resource_calendar_leaves (
    id serial primary key,
    calendar_id integer references resource_calendar deferrable initially deferred,
    company_id integer references res_company deferrable initially deferred,
    resource_id integer,
    name varchar,
    time_type varchar default 'leave',
    date_from timestamp not null,
    date_to timestamp not null,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create table if not exists mail_message_subtype (
    id serial primary key,
    name jsonb not null,
    description jsonb,
    internal boolean,
    res_model varchar,
    "default" boolean,
    sequence integer,
    hidden boolean,
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
    subtype_id integer
        references mail_message_subtype on delete set null deferrable initially deferred,
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

create table if not exists rating_rating (
    id serial primary key,
    res_model varchar,
    res_model_id integer,
    res_id integer not null,
    res_name varchar,
    parent_res_model varchar,
    parent_res_id integer,
    rated_partner_id integer references res_partner on delete set null deferrable initially deferred,
    partner_id integer references res_partner on delete set null deferrable initially deferred,
    rating double precision check (rating >= 0 and rating <= 5),
    rating_text varchar,
    feedback text,
    message_id integer references mail_message on delete cascade deferrable initially deferred,
    consumed boolean,
    access_token varchar,
    is_internal boolean,
    create_uid integer references res_users on delete set null deferrable initially deferred,
    write_uid integer references res_users on delete set null deferrable initially deferred,
    create_date timestamp,
    write_date timestamp
);

create index if not exists res_partner_parent_id_idx on res_partner (parent_id);
create index if not exists res_partner_commercial_idx on res_partner (commercial_partner_id);
create index if not exists mail_message_model_res_id_idx on mail_message (model, res_id);
create index if not exists mail_message_author_id_idx on mail_message (author_id);
create index if not exists mail_message_parent_id_idx on mail_message (parent_id);
create index if not exists mail_tracking_value_message_idx on mail_tracking_value (mail_message_id);
create index if not exists rating_rating_res_id_idx on rating_rating (res_model, res_id);
