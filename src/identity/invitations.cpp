#include "identity/invitations.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_lock.hpp"
#include "model/json_codec.hpp"

namespace jaunt::identity {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr int kSchema = 1;
constexpr base::ByteCount kFileBytesMax{base::kMiB};
constexpr std::chrono::seconds kPatience{10};

struct InvitationRecord {
  std::string secret;  // 32 hexadecimal digits
  std::int64_t expires = 0;
  std::optional<base::Hash32> used_by;
  std::string name;
  std::vector<std::string> verbs;
  std::vector<std::string> realms;
};
struct InvitationsRecord {
  std::vector<InvitationRecord> invitations;
};

}  // namespace

}  // namespace jaunt::identity

namespace jaunt::model {

template <>
inline constexpr auto kJsonFields<identity::InvitationRecord> =
    std::tuple{JsonField{"secret", &identity::InvitationRecord::secret},
               JsonField{"expires", &identity::InvitationRecord::expires},
               JsonField{"used_by", &identity::InvitationRecord::used_by},
               JsonField{"name", &identity::InvitationRecord::name},
               JsonField{"verbs", &identity::InvitationRecord::verbs},
               JsonField{"realms", &identity::InvitationRecord::realms}};

template <>
inline constexpr auto kJsonFields<identity::InvitationsRecord> =
    std::tuple{JsonField{"invitations", &identity::InvitationsRecord::invitations}};

}  // namespace jaunt::model

namespace jaunt::identity {

namespace {

fs::path file_of(const fs::path& home) {
  return home / "invitations.json";
}

// One that expires later than it could was made while the clock was wrong.
bool good(const InvitationRecord& record, InvitationBook::Moment now) {
  return record.expires > now && record.expires <= now + kInvitationLasts.count();
}

// Those that are still good.
std::vector<InvitationRecord> load(const fs::path& home, InvitationBook::Moment now) {
  const fs::path path = file_of(home);
  if (!fs::exists(path))
    return {};
  try {
    auto record = model::json_codec::from_document<InvitationsRecord>("invitations", kSchema,
                                                                      base::read_text_file(path, kFileBytesMax));
    std::erase_if(record.invitations, [&](const InvitationRecord& one) { return !good(one, now); });
    return std::move(record.invitations);
  } catch (const Error& failure) {
    throw failure.within("know the invitations of", path.string());
  }
}

void store(const fs::path& home, std::vector<InvitationRecord> invitations) {
  const fs::path path = file_of(home);
  if (invitations.empty()) {
    fs::remove(path);
    base::sync_directory(home);
    return;
  }
  const InvitationsRecord record{std::move(invitations)};
  base::write_text_file(path, model::json_codec::to_document("invitations", kSchema, record) + "\n");
}

base::FileLock lock(const fs::path& home) {
  return base::FileLock::take(home / "invitations.lock", kPatience);
}

std::optional<Secret> secret_of(const InvitationRecord& record) {
  const auto bytes = base::from_hex(record.secret);
  Secret secret;
  if (!bytes || bytes->size() != secret.size())
    return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), secret.begin());
  return secret;
}

InvitationTerms terms_of(const InvitationRecord& record) {
  InvitationTerms terms{.name = record.name, .grants = {}};
  Grants granted{.verbs = {}, .realms = record.realms};
  for (const std::string& word : record.verbs)
    if (const auto verb = verb_from(word))
      granted.verbs.push_back(*verb);
  terms.grants.add(granted);
  return terms;
}

}  // namespace

Secret InvitationBook::invite(const InvitationTerms& terms, Moment now) {
  const auto held = lock(home_);
  auto invitations = load(home_, now);
  if (invitations.size() >= kInvitationsMax)
    throw Error(ErrorKind::limit, "invite", "another node", fmt::format("{} invitations are open", kInvitationsMax),
                "wait until they have expired: ten minutes");
  Secret secret;
  fill_randomly(secret);
  InvitationRecord record{.secret = base::to_hex(secret),
                          .expires = now + kInvitationLasts.count(),
                          .used_by = std::nullopt,
                          .name = terms.name,
                          .verbs = {},
                          .realms = terms.grants.realms};
  for (const Verb verb : terms.grants.verbs)
    record.verbs.emplace_back(to_string(verb));
  invitations.push_back(std::move(record));
  store(home_, std::move(invitations));
  return secret;
}

bool InvitationBook::open(Moment now) {
  if (!fs::exists(file_of(home_)))
    return false;
  const auto held = lock(home_);
  auto invitations = load(home_, now);
  const bool any = !invitations.empty();
  store(home_, std::move(invitations));
  return any;
}

std::optional<InvitationTerms> InvitationBook::redeem(const Knows& knows, const PublicKey& by, Moment now) {
  const auto held = lock(home_);
  auto invitations = load(home_, now);
  std::optional<InvitationTerms> terms;
  for (InvitationRecord& record : invitations) {
    const auto secret = secret_of(record);
    if (terms || !secret || !knows(*secret) || (record.used_by && *record.used_by != by.bytes))
      continue;
    record.used_by = by.bytes;
    terms = terms_of(record);
  }
  store(home_, std::move(invitations));
  return terms;
}

}  // namespace jaunt::identity
