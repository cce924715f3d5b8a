// The main of every doctest executable. Skipped cases are printed as "skipped: CASE: REASON", which tests/run-suites
// counts; an executable whose every case was skipped exits 77, which ctest calls skipped.
#define DOCTEST_CONFIG_IMPLEMENT
#include <atomic>
#include <csignal>
#include <cstdio>

#include <doctest/doctest.h>

#include "support/skip.hpp"

namespace {

constexpr int kExitSkipped = 77;

std::atomic<unsigned> cases_skipped = 0;
unsigned cases_run = 0;

struct Counter : doctest::IReporter {
  explicit Counter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& stats) override { cases_run = stats.numTestCasesPassingFilters; }
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
REGISTER_LISTENER("counter", 1, Counter);

}  // namespace

void jaunt::test_support::skip(std::string_view reason) {
  ++cases_skipped;
  std::printf("skipped: %s: %.*s\n", doctest::getContextOptions()->currentTest->m_name,
              static_cast<int>(reason.size()), reason.data());
  std::fflush(stdout);
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // as in every program of ours
  doctest::Context context(argc, argv);
  const int status = context.run();
  const bool all_skipped = cases_run > 0 && cases_skipped == cases_run;
  return status == 0 && all_skipped && !context.shouldExit() ? kExitSkipped : status;
}
