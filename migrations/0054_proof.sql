-- The tree over the log and its signed checkpoints (docs/decisions/0054). Tiles only grow and checkpoints are only added:
-- so every signed tree begins with all earlier ones.

-- 256 hashes in a row at every eighth height of the tree, as in C2SP tlog-tiles; the last tile of a level holds fewer.
create table proof_tiles (
  level smallint not null,
  tile bigint not null,
  hashes bytea not null,
  constraint proof_tile_exists_already primary key (level, tile),
  constraint proof_tile_holds_hashes check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0)
);
-- Hashes do not compress.
alter table proof_tiles alter column hashes set storage external;

-- `note` is the signed text; size and root are copied from it.
create table proof_checkpoints (
  size bigint not null,
  root bytea not null,
  note text not null,
  signed_at timestamptz not null default clock_timestamp(),
  constraint proof_checkpoint_is_signed_once primary key (size)
);

create function refuse_other_hashes() returns trigger language plpgsql as $$
begin
  if new.level <> old.level or new.tile <> old.tile
     or substring(new.hashes for octet_length(old.hashes)) <> old.hashes then
    raise exception 'tiles of the proof only grow' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger tiles_only_grow before update on proof_tiles
  for each row execute function refuse_other_hashes();
create trigger tiles_are_kept before delete or truncate on proof_tiles
  for each statement execute function refuse_change();
create trigger checkpoints_are_kept before update or delete or truncate on proof_checkpoints
  for each statement execute function refuse_change();
