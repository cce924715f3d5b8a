#include "chunkstore/database.hpp"

#include <cerrno>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <lmdb.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace jaunt::chunkstore {

namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kFileName = "data.mdb";
constexpr std::size_t kMapBytesMax = 256 * base::kGiB;
constexpr const char* kTableNames[kTables] = {"layers",   "notes",      "entries",       "images",  "packs",
                                              "segments", "references", "reference_ids", "damaged", "state"};

// Not errors but turns that a transaction takes within this file.
struct MapFull {};
struct MapResized {};

MDB_val value_of(base::ByteView bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};
}

base::ByteView view_of(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

struct CursorCloser {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};

}  // namespace

ReadTxn::ReadTxn(const Database& database, unsigned flags) : database_(database) {
  database.check(mdb_txn_begin(database.env_, nullptr, flags, &txn_), "begin a transaction in");
}

ReadTxn::~ReadTxn() {
  if (txn_ != nullptr)
    mdb_txn_abort(txn_);
}

std::optional<base::ByteView> ReadTxn::get(Table table, base::ByteView key) const {
  MDB_val wanted = value_of(key);
  MDB_val found{};
  const int code = mdb_get(txn_, database_.tables_[static_cast<unsigned>(table)], &wanted, &found);
  if (code == MDB_NOTFOUND)
    return std::nullopt;
  database_.check(code, "read");
  return view_of(found);
}

void ReadTxn::each(Table table, const std::function<bool(base::ByteView, base::ByteView)>& visit) const {
  each(table, {}, visit);
}

void ReadTxn::each(Table table, base::ByteView from,
                   const std::function<bool(base::ByteView, base::ByteView)>& visit) const {
  MDB_cursor* raw = nullptr;
  database_.check(mdb_cursor_open(txn_, database_.tables_[static_cast<unsigned>(table)], &raw), "read");
  const std::unique_ptr<MDB_cursor, CursorCloser> cursor(raw);
  MDB_val key = value_of(from);
  MDB_val value{};
  int code = mdb_cursor_get(raw, &key, &value, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  for (; code == 0; code = mdb_cursor_get(raw, &key, &value, MDB_NEXT))
    if (!visit(view_of(key), view_of(value)))
      return;
  if (code != MDB_NOTFOUND)
    database_.check(code, "read");
}

std::uint64_t ReadTxn::count(Table table) const {
  MDB_stat stat{};
  database_.check(mdb_stat(txn_, database_.tables_[static_cast<unsigned>(table)], &stat), "read");
  return stat.ms_entries;
}

void WriteTxn::put(Table table, base::ByteView key, base::ByteView value) {
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  database_.check(mdb_put(txn_, database_.tables_[static_cast<unsigned>(table)], &k, &v, 0), "write");
}

bool WriteTxn::remove(Table table, base::ByteView key) {
  MDB_val k = value_of(key);
  const int code = mdb_del(txn_, database_.tables_[static_cast<unsigned>(table)], &k, nullptr);
  if (code == MDB_NOTFOUND)
    return false;
  database_.check(code, "write");
  return true;
}

void WriteTxn::commit() {
  database_.check(mdb_txn_commit(std::exchange(txn_, nullptr)), "commit to");
}

std::shared_ptr<Database> Database::open(const std::filesystem::path& folder, base::ByteCount map_bytes,
                                         std::initializer_list<Table> tables) {
  static std::mutex mutex;
  static std::map<std::filesystem::path, std::weak_ptr<Database>> opened;
  const std::lock_guard lock(mutex);
  std::filesystem::create_directories(folder);
  auto& known = opened[std::filesystem::canonical(folder)];
  auto database = known.lock();
  // LMDB writes its first pages without a sync and never syncs that its file has a name, so a power cut could leave
  // what it refuses to open. A new one appears whole.
  if (!database && !std::filesystem::exists(folder / kFileName)) {
    const base::TemporaryDirectory fresh(folder);
    { const Database made(fresh.path(), map_bytes, tables); }  // commits its tables, which syncs
    if (::link((fresh.path() / kFileName).c_str(), (folder / kFileName).c_str()) != 0 && errno != EEXIST)
      base::throw_errno(errno, "create", (folder / kFileName).string());
    base::sync_directory(folder);
  }
  if (!database)
    known = database = std::shared_ptr<Database>(new Database(folder, map_bytes, tables));
  return database;
}

Database::Database(const std::filesystem::path& folder, base::ByteCount map_bytes,
                   std::initializer_list<Table> tables)
    : name_(folder.string()) {
  check(mdb_env_create(&env_), "open");
  try {
    check(mdb_env_set_maxdbs(env_, kTables), "open");
    check(mdb_env_set_mapsize(env_, map_bytes.value), "open");
    // Read transactions belong to the object, not to the thread.
    check(mdb_env_open(env_, folder.c_str(), MDB_NOTLS, 0600), "open");
    int dead = 0;  // readers that were killed would keep old pages forever
    check(mdb_reader_check(env_, &dead), "open");
    open_tables(tables);
  } catch (...) {
    mdb_env_close(env_);
    throw;
  }
}

Database::~Database() {
  mdb_env_close(env_);
}

void Database::read(const std::function<void(const ReadTxn&)>& look) const {
  until_it_fits([&] { look(ReadTxn(*this, MDB_RDONLY)); });
}

void Database::write(const std::function<void(WriteTxn&)>& change) {
  until_it_fits([&] {
    WriteTxn txn(*this);
    change(txn);
    txn.commit();
  });
}

void Database::open_tables(std::initializer_list<Table> tables) {
  until_it_fits([&] {
    WriteTxn txn(*this);
    for (const Table table : tables) {
      const auto number = static_cast<unsigned>(table);
      check(mdb_dbi_open(txn.txn_, kTableNames[number], MDB_CREATE, &tables_[number]), "open");
    }
    txn.commit();
  });
}

template <typename Attempt>
void Database::until_it_fits(const Attempt& attempt) const {
  while (true) {
    try {
      const std::shared_lock lock(resizing_);
      return attempt();
    } catch (const MapFull&) {
      grow();
    } catch (const MapResized&) {
      adopt_size();
    }
  }
}

void Database::grow() const {
  const std::unique_lock lock(resizing_);
  MDB_envinfo info{};
  check(mdb_env_info(env_, &info), "examine");
  if (info.me_mapsize >= kMapBytesMax)
    throw Error(ErrorKind::limit, "grow", name_, "it has reached 256 GiB");
  check(mdb_env_set_mapsize(env_, info.me_mapsize * 2), "grow");
}

// Another process has grown the map.
void Database::adopt_size() const {
  const std::unique_lock lock(resizing_);
  check(mdb_env_set_mapsize(env_, 0), "grow");
}

void Database::check(int code, const char* operation) const {
  switch (code) {
    case 0:
      return;
    case MDB_MAP_FULL:
      throw MapFull{};
    case MDB_MAP_RESIZED:
      throw MapResized{};
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_PAGE_NOTFOUND:
    case MDB_VERSION_MISMATCH:
      throw Error(ErrorKind::corrupt, operation, name_, mdb_strerror(code),
                  "remove this folder; what it knew is found out again");
    case MDB_PANIC:
      throw Error(ErrorKind::io, operation, name_, "an earlier write failed", "start the program again");
    case MDB_READERS_FULL:
      throw Error(ErrorKind::busy, operation, name_, mdb_strerror(code));
    default:
      if (code > 0)
        base::throw_errno(code, operation, name_);
      throw Error(ErrorKind::io, operation, name_, mdb_strerror(code));
  }
}

}  // namespace jaunt::chunkstore
