#include "engine/link_speed.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <nlohmann/json.hpp>

#include "base/file.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr base::ByteCount kBookBytesMax{base::kMiB};
constexpr std::size_t kNodesMax = 1024;
constexpr std::int64_t kJustNow = 600;  // seconds

constexpr std::size_t kPieces = 8;  // of a probe
constexpr std::array<std::uint32_t, 4> kPieceBytes{2 * base::kKiB, 8 * base::kKiB, 32 * base::kKiB,
                                                   transport::kProbeBytesMax};
constexpr Seconds kTelling{0.1};       // a probe that takes so long needs no longer one
constexpr std::uint64_t kShare = 100;  // of what will cross

Json book_at(const fs::path& path) {
  std::error_code absent;
  if (!fs::exists(path, absent))
    return Json::object();
  Json book = Json::parse(base::read_text_file(path, kBookBytesMax), nullptr, false);
  return book.is_object() ? book : Json::object();
}

std::optional<KnownSpeed> entry_in(const Json& entry) {
  const auto number = [&](const char* key) -> std::int64_t {
    return entry.is_object() && entry.contains(key) && entry[key].is_number_integer() ? entry[key].get<std::int64_t>()
                                                                                      : 0;
  };
  const std::int64_t rate = number("bytes_per_second");
  if (rate <= 0)
    return std::nullopt;
  return KnownSpeed{.bytes_per_second = base::ByteCount(static_cast<std::uint64_t>(rate)),
                    .measured = number("measured")};
}

}  // namespace

LinkBook::LinkBook(const Home& home) : path_(home.cache() / "links.json") {}

std::optional<KnownSpeed> LinkBook::find(const std::string& node) const {
  try {
    const Json book = book_at(path_);
    return book.contains(node) ? entry_in(book[node]) : std::nullopt;
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

void LinkBook::note(const std::string& node, base::ByteCount bytes_per_second) const {
  try {
    Json book = book_at(path_);
    if (book.size() >= kNodesMax)
      book = Json::object();
    book[node] = {{"bytes_per_second", bytes_per_second.value}, {"measured", std::time(nullptr)}};
    base::write_text_file(path_, book.dump(1) + "\n");
  } catch (const base::Error&) {      // it is measured again
  } catch (const Json::exception&) {  // a node's name that is no text
  }
}

double rate_of_pieces(const std::vector<Seconds>& arrivals, std::uint32_t piece) {
  constexpr std::size_t run = 3;
  std::vector<double> took;
  for (std::size_t first = 1; first + run < arrivals.size(); ++first)
    took.push_back((arrivals[first + run] - arrivals[first]).count());
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
  std::nth_element(took.begin(), middle, took.end());
  return static_cast<double>(run) * piece / std::max(*middle, 1e-6);
}

std::optional<base::ByteCount> probe_link(Conversation& conversation, base::ByteCount spend) {
  std::optional<base::ByteCount> rate;
  std::uint64_t spent = 0;
  for (const std::uint32_t piece : kPieceBytes) {
    spent += kPieces * piece;
    if (spent > spend.value)
      break;
    const std::vector<Seconds> arrivals = conversation.probe(kPieces, piece);
    rate = base::ByteCount(static_cast<std::uint64_t>(rate_of_pieces(arrivals, piece)));
    if (arrivals.back() - arrivals.front() >= kTelling)
      break;
  }
  return rate;
}

std::optional<base::ByteCount> link_rate(const std::string& node, base::ByteCount expected,
                                         Conversation& conversation, const Home& home) {
  const LinkBook book(home);
  const auto known = book.find(node);
  if (known && std::abs(std::time(nullptr) - known->measured) < kJustNow)
    return known->bytes_per_second;
  if (const auto probed = probe_link(conversation, base::ByteCount(expected.value / kShare))) {
    book.note(node, *probed);
    return probed;
  }
  return known ? std::optional(known->bytes_per_second) : std::nullopt;
}

void remember_link(const std::string& node, Conversation& conversation, const Home& home) {
  try {
    if (const base::ByteCount seen = conversation.seen_rate(); seen.value > 0)
      LinkBook(home).note(node, seen);
  } catch (const base::Error&) {  // the link is lost, which matters to nobody any more
  }
}

}  // namespace jaunt::engine
