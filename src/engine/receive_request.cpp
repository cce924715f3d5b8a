#include "engine/receive_request.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "identity/node_key.hpp"

namespace jaunt::engine {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

namespace {

constexpr std::size_t kFileNameBytesMax = 200;
constexpr const char* kVerb = "receive";

[[noreturn]] void refuse(ErrorKind kind, const std::string& subject, const std::string& cause,
                         const std::string& remedy) {
  throw Error(kind, kVerb, base::printable(subject), cause, remedy);
}

// A file's path, or an existing folder's, without links.
fs::path allowed_target(const std::string& wished, const Config& config) {
  const std::vector<fs::path>& folders = config.receive_folders;
  if (folders.empty())
    refuse(ErrorKind::auth, wished, "that node has no folder for what is pushed there",
           "set receive.folders in its configuration");
  if (wished.empty())
    return folders.front();
  const fs::path path(wished);
  if (!path.is_absolute() || wished != base::printable(wished))
    refuse(ErrorKind::usage, wished, "it is no absolute path", "name a path of that node with --to");
  if (!lies_within(path, folders))
    refuse(ErrorKind::auth, wished, "it lies outside of the folders for what is pushed there",
           "choose a path within its receive.folders with --to");
  const fs::path real = fs::weakly_canonical(path);
  if (fs::is_directory(real))
    return real;
  if (fs::is_symlink(fs::symlink_status(real)))  // that leads to nothing
    refuse(ErrorKind::auth, wished, "it is a link", "choose another path with --to");
  if (!fs::is_directory(real.parent_path()))
    refuse(ErrorKind::not_found, wished, "there is no such folder", "choose another path with --to");
  const std::string name = real.filename().string();
  if (name.empty() || name.front() == '.' || name.size() > kFileNameBytesMax)
    refuse(ErrorKind::usage, wished, "no image may have such a name", "choose another one with --to");
  return real;
}

bool is_image(const std::string& subject) {
  return subject.find('/') != subject.npos;
}

// A domain only where the configuration says so, whatever the source calls its machine.
MachineWish allowed_wish(const transport::AskReceive& ask, const Config& config) {
  if (ask.start && !config.receive_start)
    refuse(ErrorKind::auth, ask.subject, "that node does not start what is pushed there",
           "leave --start out, or set receive.start in its configuration");
  if (ask.define && !is_image(ask.subject) && !config.receive_define)
    refuse(ErrorKind::auth, ask.subject, "that node does not define what is pushed there",
           "bring its disks alone with --no-define, or set receive.define in its configuration");
  const bool define = ask.define && config.receive_define;
  return {.define = define, .start = define && ask.start, .same_machine = define && ask.same_machine};
}

}  // namespace

bool lies_within(const fs::path& path, const std::vector<fs::path>& folders) {
  const fs::path real = fs::weakly_canonical(path);
  return std::ranges::any_of(folders, [&](const fs::path& folder) {
    const fs::path inner = real.lexically_relative(fs::weakly_canonical(folder).lexically_normal());
    return !inner.empty() && *inner.begin() != "..";
  });
}

TeleportRequest received_request(const transport::AskReceive& ask, const identity::Peer& peer, const Config& config) {
  if (!peer.grants.may(identity::Verb::receive))
    refuse(ErrorKind::auth, ask.subject, fmt::format("this node is not granted \"{}\" there", kVerb),
           fmt::format("on that node: jaunt node grant {} {}", peer.name, kVerb));
  const std::string realm = ask.realm.empty() ? "default" : ask.realm;
  if (!peer.grants.sees(realm))
    refuse(ErrorKind::auth, ask.subject, fmt::format("this node is not granted the realm \"{}\" there", realm),
           fmt::format("on that node: jaunt node grant {} --realm {}", peer.name, realm));
  if (ask.subject.empty())
    refuse(ErrorKind::usage, "a machine", "it has no name", "name it");
  if (!ask.target_format.empty() && ask.target_format != "raw" && ask.target_format != "qcow2")
    refuse(ErrorKind::usage, ask.target_format, "targets are raw or qcow2", "choose one with --to-format");
  TeleportRequest request{.subject = {.name = ask.subject, .home = {}}, .options = {}, .waits = Waits::follower};
  request.subject.peer = peer.name;
  request.subject.dials_in = to_text(identity::id_of(peer.key));
  request.subject.bit_exact = ask.bit_exact;
  TeleportOptions& options = request.options;
  options.to = allowed_target(ask.to, config);
  options.target_format = ask.target_format;
  options.machine = allowed_wish(ask, config);
  options.plan.realm = realm;
  if (!ask.format.empty())
    options.plan.format = ask.format;
  if (!ask.name.empty())
    options.plan.name = ask.name;
  if (ask.bytes_per_second != 0)
    options.plan.bytes_per_second = base::ByteCount(ask.bytes_per_second);
  return request;
}

}  // namespace jaunt::engine
