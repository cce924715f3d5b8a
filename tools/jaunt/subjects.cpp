#include "subjects.hpp"

#include "interrupt.hpp"
#include "report.hpp"

namespace jaunt::cli {

namespace {

constexpr int kPartly = 3;

}  // namespace

int each_subject(const std::vector<std::string>& subjects, bool json, const SubjectWork& work) {
  std::size_t failed = 0;
  bool complete = true;
  int code = 0;
  for (const std::string& subject : subjects) {
    try {
      complete = work(subject, &subject == &subjects.front()) && complete;
    } catch (const base::Error& error) {
      interrupted().check();  // what fails because of Ctrl-C has not failed
      code = report(error, json);
      ++failed;
    }
  }
  if (failed == subjects.size())
    return code;
  return failed > 0 || !complete ? kPartly : 0;
}

}  // namespace jaunt::cli
