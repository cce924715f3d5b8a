// Commands that take several machines do one after the other, whatever becomes of the first.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace jaunt::cli {

// Calls work(subject, whether it is the first) for each; work says whether all of it could be done. An Error
// is reported. Returns the exit code: 0, 3 where not everything was done, or that of the last Error where nothing
// was.
using SubjectWork = std::function<bool(const std::string& subject, bool first)>;
int each_subject(const std::vector<std::string>& subjects, bool json, const SubjectWork& work);

}  // namespace jaunt::cli
