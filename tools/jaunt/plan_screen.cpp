#include "plan_screen.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "help.hpp"
#include "page.hpp"

namespace jaunt::cli {

using base::ByteCount;
using base::human_bytes;
using base::human_duration;
using base::human_rate;
using base::printable;
using model::SourceKind;

namespace {

constexpr std::size_t kCandidatesMax = 8;
constexpr std::size_t kShareBar = 16;

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}
double share_of(ByteCount part, ByteCount whole) {
  return ratio(static_cast<double>(part.value), static_cast<double>(whole.value));
}

std::string percent(double share) {
  // What is not quite all, or not quite nothing, must not look as if it were.
  const double shown = share < 1 ? std::min(share * 100, 99.9) : 100;
  return share > 0 && shown < 0.05 ? "< 0.1 %" : fmt::format("{:.1f} %", shown);
}

// "7.2 times the bytes"; nothing where the numbers say nothing.
std::string times(double more, double less, std::string_view what) {
  const double factor = ratio(more, less);
  return factor < 1.05 ? "" : fmt::format("{:.{}f} times the {}", factor, factor < 9.95 ? 1 : 0, what);
}

std::string moment(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

std::string bar(double share, std::size_t width) {
  static constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto cells =
      static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width) * 8));
  std::string text;
  for (std::size_t i = 0; i < cells / 8; ++i)
    text += "█";
  return text + std::string(eighths[cells % 8]);
}

// How a source looks in the bar of a disk, and what it is called.
struct Look {
  SourceKind source;
  std::string_view cell;
  std::string_view name;
};
constexpr std::array kLooks{Look{SourceKind::base, "█", "the base"},
                            Look{SourceKind::local, "▓", "other images here"},
                            Look{SourceKind::package, "▚", "packages"},
                            Look{SourceKind::store, "▒", "the store"},
                            Look{SourceKind::delta, "▞", "changes to files of the base"},
                            Look{SourceKind::wire, "░", "the source, over the link"}};

const model::SourceShare* find(const std::vector<model::SourceShare>& shares, SourceKind source) {
  const auto found = std::ranges::find(shares, source, &model::SourceShare::source);
  return found == shares.end() || found->bytes.value == 0 ? nullptr : &*found;
}

ByteCount needed_of(const std::vector<model::SourceShare>& shares) {
  ByteCount needed;
  for (const model::SourceShare& share : shares)
    if (share.source != SourceKind::zero)
      needed += share.bytes;
  return needed;
}

// The needed bytes by source; every source that gives anything has a cell.
std::string source_bar(const std::vector<model::SourceShare>& shares, std::size_t width) {
  const ByteCount needed = needed_of(shares);
  std::vector<std::pair<std::string_view, double>> parts;
  for (const Look& look : kLooks)
    if (const model::SourceShare* const share = find(shares, look.source))
      parts.emplace_back(look.cell, share_of(share->bytes, needed));
  std::string text;
  std::size_t used = 0;
  double so_far = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    so_far += parts[i].second * static_cast<double>(width);
    const std::size_t kept_for_later = parts.size() - 1 - i;
    const auto end =
        std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(so_far)), used + 1, width - kept_for_later);
    for (; used < end; ++used)
      text += parts[i].first;
  }
  return text;
}

void show_headline(Page& page, const model::Plan& plan) {
  const model::Forecast& ours = plan.forecast;
  if (plan.disks.empty())
    return;
  std::string text = fmt::format("{} in {}", human_bytes(ours.wire), human_duration(ours.seconds));
  if (plan.plain_copy_is_faster) {
    page.line(fmt::format("A plain copy is the fastest here, so that is what a teleport would be: {}.", text), 2,
              Tone::warning);
    return;
  }
  page.line(fmt::format("{} over the link.", text), 2, Tone::good);
  if (plan.plain_copies.empty())
    return;
  const model::PlainCopy& plain = plan.plain_copies.front();
  const std::string gain =
      joined({times(static_cast<double>(plain.wire.value), static_cast<double>(ours.wire.value), "bytes"),
              times(static_cast<double>(plain.seconds.count()), static_cast<double>(ours.seconds.count()), "time")});
  page.line(fmt::format("A plain copy ({}) takes {} and {}{}{}.", printable(plain.name), human_bytes(plain.wire),
                        human_duration(plain.seconds), gain.empty() ? "" : ": ", gain));
}

void show_candidates(Page& page, const model::DiskPlan& disk) {
  if (disk.candidates.empty()) {
    page.field("base", printable(disk.base_reason));
    return;
  }
  const std::size_t width = page.terminal().width;
  const bool in_place =
      width >= 80 && std::ranges::any_of(disk.candidates, [](const auto& c) { return c.in_place.value > 0; });
  const std::size_t place = in_place ? 10 : 0;
  const std::size_t bar_width = width >= 76 ? kShareBar : 0;
  const std::size_t fixed =
      2 + 3 + 3 + 8 + (bar_width > 0 ? bar_width + 2 : 0) + 2 + 10 + 2 + (in_place ? place + 2 : 0);
  const std::vector<Column> layout{{1}, {width - fixed}, {8, true}, {bar_width}, {10, true}, {place, true}};
  const std::size_t shown = std::min(disk.candidates.size(), kCandidatesMax);
  page.row(layout,
           {"",
            shown < disk.candidates_ranked ? fmt::format("closest of {} images here", disk.candidates_ranked)
                                           : "images here",
            "has", "", "of it", "in place"},
           Tone::faint);
  for (std::size_t i = 0; i < shown; ++i) {
    const model::PlannedCandidate& candidate = disk.candidates[i];
    const double share = share_of(candidate.covered, disk.needed);
    page.row(layout,
             {candidate.chosen ? "●" : "", fitted_path(printable(candidate.image), layout[1].width),
              (candidate.exact ? "" : "~") + percent(share), bar(share, bar_width), human_bytes(candidate.covered),
              candidate.exact ? human_bytes(candidate.in_place) : ""},
             candidate.chosen ? Tone::strong : Tone::plain);
  }
  page.field(disk.base ? "● base" : "base", printable(disk.base_reason));
  const auto chosen = std::ranges::find(disk.candidates, true, &model::PlannedCandidate::chosen);
  if (chosen != disk.candidates.end() && chosen->in_place.value > 0)
    page.field("thin", fmt::format("{} of it need not be copied where the target is to stand on it (--thin)",
                                   human_bytes(chosen->in_place)));
}

void show_disk(Page& page, const model::DiskPlan& disk) {
  page.title(fmt::format("Disk {}, {}, of which {} are needed", printable(disk.target), human_bytes(disk.size),
                         human_bytes(disk.needed)));
  show_candidates(page, disk);
}

void show_sources(Page& page, const model::Plan& plan) {
  if (plan.disks.empty())
    return;
  page.title(plan.disks.size() == 1 ? "Where it comes from" : "Where all disks come from");
  const std::size_t width = page.terminal().width;
  const ByteCount needed = needed_of(plan.sources);
  if (needed.value > 0)
    page.line(source_bar(plan.sources, std::min<std::size_t>(width - 4, 72)));
  const std::size_t time = width < 72 ? 0 : 11;
  const std::size_t name = std::min<std::size_t>(28, width - (time > 0 ? 52 : 40));
  const std::vector<Column> layout{{1}, {name}, {8, true}, {10, true}, {10, true}, {time, true}};
  page.row(layout, {"", "", "", "", "over link", "time"}, Tone::faint);
  for (const Look& look : kLooks)
    if (const model::SourceShare* const share = find(plan.sources, look.source))
      page.row(layout, {std::string(look.cell), std::string(look.name), percent(share_of(share->bytes, needed)),
                        human_bytes(share->bytes), share->wire.value > 0 ? human_bytes(share->wire) : "–",
                        human_duration(share->seconds)});
  if (!plan.plain_copy_is_faster)
    page.row(layout,
             {"", "finding that out", "", "", human_bytes(plan.difference_sent + plan.difference_received), ""});
  page.row(layout,
           {"", "together", "", human_bytes(needed), human_bytes(plan.forecast.wire),
            human_duration(plan.forecast.seconds)},
           Tone::strong);
  for (const model::PlainCopy& plain : plan.plain_copies)
    page.row(layout, {"", printable(plain.name), "", "", human_bytes(plain.wire), human_duration(plain.seconds)},
             Tone::faint);
  page.field("waits for", printable(plan.forecast.slowest));
  if (plan.archives.saved.value > 0)
    page.field("archives", fmt::format("{} of {} come as what is in {}, for {} less over the link", plan.archives.count,
                                       human_bytes(plan.archives.bytes), plan.archives.count == 1 ? "it" : "them",
                                       human_bytes(plan.archives.saved)));
  if (plan.downtime.count() > 0)
    page.field("downtime", human_duration(plan.downtime) + " if it is moved");
  page.field("space", human_bytes(plan.space) + " here");
}

void show_elsewhere(Page& page, const model::Plan& plan) {
  if (plan.elsewhere.empty())
    return;
  page.title("Over other links");
  const std::vector<Column> layout{{16}, {14, true}, {14, true}, {14, true}};
  page.row(layout, {"", "this plan", "plain copy", ""}, Tone::faint);
  for (const model::Elsewhere& there : plan.elsewhere) {
    const bool plain = there.plain_copy.seconds < there.forecast.seconds;
    page.row(layout,
             {human_rate(there.link.bytes_per_second), human_duration(there.forecast.seconds),
              human_duration(there.plain_copy.seconds), plain ? "plain is faster" : ""},
             plain ? Tone::faint : Tone::plain);
  }
}

void show_blockers(Page& page, const model::Plan& plan) {
  if (plan.blockers.empty())
    return;
  const auto fatal = std::ranges::count(plan.blockers, true, &model::Blocker::fatal);
  page.title(fatal > 0 ? "In the way here" : "Worth knowing");
  for (const model::Blocker& blocker : plan.blockers) {
    page.line(
        fmt::format("{} {}: {}", blocker.fatal ? "✗" : "!", printable(blocker.subject), printable(blocker.found)), 2,
        blocker.fatal ? Tone::bad : Tone::warning);
    if (!blocker.remedy.empty())
      page.line("→ " + printable(blocker.remedy), 4);
  }
}

void show_problems(Page& page, const model::Plan& plan) {
  if (plan.problems.empty())
    return;
  page.title("What could not be planned");
  for (const model::Problem& problem : plan.problems)
    page.line(fmt::format("{}: {}", printable(problem.subject), printable(problem.cause)));
}

void show_promise(Page& page, const model::Plan& plan) {
  if (plan.id.empty())
    return;
  page.gap();
  page.line(plan.lease_until > 0 ? fmt::format("Plan {}, promised until {}.", plan.id, moment(plan.lease_until))
                                 : fmt::format("Plan {}, of which nothing is promised.", plan.id),
            0, Tone::faint);
}

}  // namespace

std::string screen(const model::Plan& plan, const Terminal& terminal) {
  Page page(terminal);
  page.title(fmt::format("{} from {}{}", printable(plan.subject), printable(plan.source),
                         plan.name.empty() || plan.name == plan.subject ? "" : " as " + printable(plan.name)));
  show_headline(page, plan);
  page.field("link", fmt::format("{}, {} there and back ({})", human_rate(plan.link.bytes_per_second),
                                 human_duration(plan.link.round_trip),
                                 plan.link.origin == "assumed" ? "assumed; --rate and --rtt try others"
                                                               : printable(plan.link.origin)));
  if (plan.running)
    page.field("as of", moment(plan.as_of) + "; it runs, so it has changed since");
  for (const model::DiskPlan& disk : plan.disks)
    show_disk(page, disk);
  show_sources(page, plan);
  show_elsewhere(page, plan);
  show_blockers(page, plan);
  show_problems(page, plan);
  show_promise(page, plan);
  return page.take();
}

}  // namespace jaunt::cli
