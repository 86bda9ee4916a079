-- The bag tracker's tables. Tables are filled before the foreign keys and second indexes are made (seed.py): that is
-- several times as fast, and PostgreSQL validates every row when it adds a key.
create table users (
    id            integer primary key,
    name          text not null unique,
    display_name  text not null,
    password_hash text not null
);

create table bags (
    id   integer primary key,
    qr   text not null,
    kind text not null check (kind in ('parent', 'child'))
);

create table links (
    child_id  integer primary key,     -- so a child has at most one parent
    parent_id integer not null,
    check (child_id <> parent_id)
);

create table scans (
    id              bigint generated always as identity primary key,
    bag_id          integer not null,
    user_id         integer not null,
    scanned_at      timestamptz not null default now(),
    idempotency_key text unique,       -- one scan, however often its request is repeated
    run_id          text               -- the load run that wrote it, so that a run finds its own rows again
);

-- filled here

alter table bags add constraint bags_qr_key unique (qr);
alter table links add constraint links_child_fkey foreign key (child_id) references bags (id);
alter table links add constraint links_parent_fkey foreign key (parent_id) references bags (id);
alter table scans add constraint scans_bag_fkey foreign key (bag_id) references bags (id);
alter table scans add constraint scans_user_fkey foreign key (user_id) references users (id);
create index links_parent_id on links (parent_id);
create index scans_bag_id_scanned_at on scans (bag_id, scanned_at desc);
create index scans_user_id on scans (user_id);
