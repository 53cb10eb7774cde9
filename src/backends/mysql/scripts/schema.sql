-- One row for each namespace: the row to lock, where its log stands, its clock, and the generation of its entries.
-- Clearing a namespace begins another generation; the entries of earlier ones are nobody's, and are removed in slices.
create table if not exists `{table}_namespaces` (
  id int unsigned not null auto_increment primary key,
  name varbinary(128) not null unique,
  generation int unsigned not null default 1,
  remains tinyint not null default 0,
  ordinal bigint not null default 0,
  last varbinary(24) not null default '',
  clock bigint not null default 0
) engine=InnoDB comment='holdfast schema 1';

create table if not exists `{table}` (
  ns int unsigned not null,
  generation int unsigned not null,
  k varbinary(1536) not null,
  version varbinary(24) not null,
  type tinyint unsigned not null,
  incarnation varbinary(22),
  expires bigint,
  hash bigint not null,
  size int unsigned not null,
  value longblob not null,
  primary key (ns, generation, k),
  key deadline (expires)
) engine=InnoDB row_format=dynamic comment='holdfast schema 1';

-- What one call changed in one namespace: `commits` ordinals that end with `ordinal`. The frame holds all batches of the
-- call there, as JSON; `failed` has the numbers of those that made no commit. `replaced` and `removed` are what only the
-- server knows of their effects (see commit.sql).
create table if not exists `{table}_changes` (
  ns int unsigned not null,
  ordinal bigint not null,
  commits int unsigned not null,
  previous varbinary(24) not null,
  clock bigint not null,
  failed longtext character set ascii not null,
  removed longtext character set ascii not null,
  replaced longtext character set utf8mb4 not null,
  frame longblob not null,
  primary key (ns, ordinal)
) engine=InnoDB comment='holdfast schema 1';
