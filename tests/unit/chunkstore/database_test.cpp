#include "chunkstore/database.hpp"

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "support/tree_fixture.hpp"

using namespace jaunt;
using namespace jaunt::chunkstore;
using base::as_bytes;

namespace {

struct Fixture {
  base::TemporaryDirectory folder{testing::quick_folder()};
  std::shared_ptr<Database> database = Database::open(folder.path() / "db", base::ByteCount(256 * base::kKiB));

  void put(const std::string& key, const std::string& value) {
    database->write([&](WriteTxn& txn) { txn.put(Table::notes, as_bytes(key), as_bytes(value)); });
  }
  std::string get(const std::string& key) {
    std::string value = "(none)";
    database->read([&](const ReadTxn& txn) {
      if (const auto found = txn.get(Table::notes, as_bytes(key)))
        value.assign(reinterpret_cast<const char*>(found->data()), found->size());
    });
    return value;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "What was committed is there after the database was closed and opened") {
  put("key", "value");
  database.reset();
  database = Database::open(folder.path() / "db", base::ByteCount(256 * base::kKiB));
  CHECK(get("key") == "value");
  CHECK(get("other") == "(none)");
}

TEST_CASE_FIXTURE(Fixture, "A change that throws has not happened") {
  put("key", "old");
  CHECK_THROWS_AS(database->write([&](WriteTxn& txn) {
    txn.put(Table::notes, as_bytes("key"), as_bytes("new"));
    throw base::Error(base::ErrorKind::io, "test", "this", "on purpose");
  }),
                  base::Error);
  CHECK(get("key") == "old");
}

TEST_CASE_FIXTURE(Fixture, "The map grows when it is full, while others read and write") {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        put(key, std::string(40000, static_cast<char>('a' + t)));
        get(key);
      }
    });
  threads.clear();
  for (int t = 0; t < 4; ++t)
    CHECK(get(std::to_string(t) + "/19") == std::string(40000, static_cast<char>('a' + t)));
}

TEST_CASE_FIXTURE(Fixture, "What another process wrote, growing the map, is seen") {
  const std::string large(3 * base::kMiB, 'x');
  database.reset();  // an open environment must not cross a fork
  int go[2];
  REQUIRE(::pipe(go) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char token;
    const bool told = ::read(go[0], &token, 1) == 1;
    database = Database::open(folder.path() / "db", base::ByteCount(256 * base::kKiB));
    put("large", large);
    ::_exit(told ? 0 : 1);
  }
  database = Database::open(folder.path() / "db", base::ByteCount(256 * base::kKiB));
  put("small", "1");
  REQUIRE(::write(go[1], "g", 1) == 1);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  CHECK(get("large") == large);
  put("small", "2");
  CHECK(get("small") == "2");
  ::close(go[0]);
  ::close(go[1]);
}

TEST_CASE_FIXTURE(Fixture, "Everything in a table is visited in order") {
  put("b", "2");
  put("a", "1");
  std::string seen;
  database->read([&](const ReadTxn& txn) {
    CHECK(txn.count(Table::notes) == 2);
    CHECK(txn.count(Table::layers) == 0);
    txn.each(Table::notes, [&](base::ByteView key, base::ByteView) {
      seen += static_cast<char>(key[0]);
      return true;
    });
  });
  CHECK(seen == "ab");
}

TEST_CASE_FIXTURE(Fixture, "A folder with something else in it is refused as corrupt") {
  const auto other = folder.path() / "other";
  std::filesystem::create_directories(other);
  base::write_text_file(other / "data.mdb", std::string(10000, 'x'));
  CHECK_THROWS_WITH_AS(Database::open(other, base::ByteCount(base::kMiB)), doctest::Contains("other"), base::Error);
}
