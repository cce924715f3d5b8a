// A folder with an LMDB environment: small ordered tables, durable transactions, one writer at a time among any
// number of processes.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <shared_mutex>

#include "base/bytes.hpp"
#include "base/units.hpp"

struct MDB_env;
struct MDB_txn;

namespace jaunt::chunkstore {

enum class Table : unsigned {
  layers,
  notes,
  entries,
  images,
  packs,
  segments,
  references,
  reference_ids,
  damaged,
  state
};
inline constexpr unsigned kTables = 10;

// A consistent look at all tables, valid within the call of Database::read that made it. So are the bytes it returns.
class ReadTxn {
 public:
  ReadTxn(const ReadTxn&) = delete;
  ReadTxn& operator=(const ReadTxn&) = delete;

  std::optional<base::ByteView> get(Table table, base::ByteView key) const;
  // Ascending by key, until `visit` returns false.
  void each(Table table, const std::function<bool(base::ByteView key, base::ByteView value)>& visit) const;
  // The same, beginning with the first key that is not less than `from`.
  void each(Table table, base::ByteView from,
            const std::function<bool(base::ByteView key, base::ByteView value)>& visit) const;
  std::uint64_t count(Table table) const;

 protected:
  friend class Database;
  ReadTxn(const class Database& database, unsigned flags);
  ~ReadTxn();

  const Database& database_;
  MDB_txn* txn_ = nullptr;
};

// The same for the one writer. Bytes that were got are valid until the next change.
class WriteTxn : public ReadTxn {
 public:
  void put(Table table, base::ByteView key, base::ByteView value);
  bool remove(Table table, base::ByteView key);  // false when there was none

 private:
  friend class Database;
  explicit WriteTxn(const Database& database) : ReadTxn(database, 0) {}
  void commit();
};

// Any thread. Transactions must not be nested within a thread.
class Database {
 public:
  // LMDB demands that a process opens an environment once, so all who ask for the same folder share it. It is created
  // where it does not exist, with these tables. `map_bytes` is where the size of the map begins; it grows by itself.
  static std::shared_ptr<Database> open(const std::filesystem::path& folder, base::ByteCount map_bytes,
                                        std::initializer_list<Table> tables = {Table::layers, Table::notes});

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void read(const std::function<void(const ReadTxn&)>& look) const;
  // Durable when it returns; nothing happened when it throws. `change` runs again where the map had to grow.
  void write(const std::function<void(WriteTxn&)>& change);

 private:
  friend class ReadTxn;
  friend class WriteTxn;

  Database(const std::filesystem::path& folder, base::ByteCount map_bytes, std::initializer_list<Table> tables);
  void open_tables(std::initializer_list<Table> tables);
  void grow() const;
  void adopt_size() const;
  void check(int code, const char* operation) const;
  template <typename Attempt>
  void until_it_fits(const Attempt& attempt) const;

  std::string name_;
  MDB_env* env_ = nullptr;
  unsigned tables_[kTables] = {};
  mutable std::shared_mutex resizing_;  // shared by transactions; the map's size changes only without any
};

}  // namespace jaunt::chunkstore
