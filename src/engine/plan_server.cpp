#include "engine/plan_server.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/wire_sample.hpp"
#include "model/description_json.hpp"
#include "sync/source_side.hpp"
#include "transport/message_codec.hpp"

namespace jaunt::engine {

using base::Error;
using base::ErrorKind;
namespace tp = transport;

namespace {

// Kilobytes: what the other node judges by, without the lists that only people read.
std::string told(model::Description description) {
  for (model::OperatingSystem& system : description.systems) {
    system.packages.clear();
    system.user_data.clear();
  }
  std::string text = model::to_json(description);
  if (text.size() > tp::kDescriptionBytesMax)
    throw Error(ErrorKind::limit, "describe", description.subject,
                fmt::format("its description is longer than {}",
                            base::human_bytes(base::ByteCount(tp::kDescriptionBytesMax))));
  return text;
}

class Server {
 public:
  Server(tp::Link& link, const Workplace& workplace) : link_(link), workplace_(workplace) {}

  void run() {
    while (auto frame = link_.receive()) {
      const tp::Message question = tp::decode(*frame);
      tp::Message answer{.number = question.number, .body = {}};
      try {
        answer.body = answer_to(question);
      } catch (const Error& failure) {
        answer.body =
            tp::Refusal{.kind = failure.kind(), .cause = std::string(failure.what()).substr(0, tp::kCauseBytesMax)};
        link_.send(tp::encode(answer));
        throw;
      }
      link_.send(tp::encode(answer));
    }
  }

 private:
  tp::Body answer_to(const tp::Message& question) {
    if (const auto* ask = std::get_if<tp::AskMachine>(&question.body))
      return machine(*ask);
    if (!side_)
      throw Error(ErrorKind::corrupt, "answer", link_.peer(), "it asked for blocks before it named a machine");
    if (const auto* ask = std::get_if<tp::AskSizes>(&question.body))
      return sizes(*ask);
    return side_->answer(question).body;
  }

  tp::Machine machine(const tp::AskMachine& ask) {
    side_.reset();
    described_ = describe(
        ask.subject, {.format = ask.format.empty() ? std::nullopt : std::optional(ask.format), .with_trees = true},
        workplace_);
    std::vector<sync::OfferedDisk> offered;
    for (const ReadDisk& disk : described_->disks)
      offered.push_back({.target = described_->description.disks[disk.index].target,
                         .tree = disk.tree.get(),
                         .elided = disk.elided});
    side_.emplace(offered);
    return {.description = told(described_->description), .as_of = described_->as_of};
  }

  tp::Sizes sizes(const tp::AskSizes& ask) {
    if (ask.disk >= described_->disks.size())
      throw Error(ErrorKind::corrupt, "answer", link_.peer(), "it asked about a disk that does not exist");
    return sizes_of(described_->disks[ask.disk], ask.blocks, workplace_.cancel);
  }

  tp::Link& link_;
  const Workplace& workplace_;
  std::optional<Described> described_;
  std::optional<sync::SourceSide> side_;
};

}  // namespace

void serve_plan(tp::Link& link, const Workplace& workplace) {
  Server(link, workplace).run();
}

}  // namespace jaunt::engine
