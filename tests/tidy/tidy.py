#!/usr/bin/env python3
"""Checks the rules of CONTRIBUTING.md that a machine can check: tests/tidy/tidy.py [ROOT].

Prints FILE:LINE: reason (rule) for everything found and exits 1 when there is any. tidy_test.py proves that each rule
fires. There is no list of exceptions: a rule that needs one is the wrong rule.
"""

import os
import re
import sys
from collections import defaultdict
from pathlib import Path

# docs/architecture.md: a folder may include what stands in a later row, never a sibling of its own row.
LAYERS = [
    ["engine"],
    ["sync"],
    ["describe", "hypervisor", "mirror", "chunkstore", "match", "transport"],
    ["disk", "codec", "memory", "identity"],
    ["model"],
    ["base"],
]
ROW = {folder: row for row, folders in enumerate(LAYERS) for folder in folders}

# Which folders' .cpp files may include a library's headers; None is anywhere.
OWNERS = [
    (r"fmt/|nlohmann/|asio|doctest/", None),
    (r"openssl/(ssl|bio|x509|err|pem)", {"transport", "identity", "base"}),
    (r"openssl/", {"base", "identity"}),
    (r"immintrin\.h|cpuid\.h", {"base"}),
    (r"libnbd\.h", {"disk"}),
    (r"guestfs\.h", {"describe"}),
    (r"libvirt/|pugixml", {"hypervisor"}),
    (r"lmdb\.h", {"chunkstore"}),
    (r"toml\+\+/", {"engine"}),
    (r"CLI/", {"tools"}),
    (r"zstd|librsync\.h|archive(_entry)?\.h|seccomp\.h", {"codec"}),
    (r"curl/|expat\.h", {"mirror"}),
    (r"google/protobuf/|\w+\.pb\.h", {"transport"}),
    (r"sodium", {"identity"}),
]
# What the operating system itself offers; the C++ library's own headers have neither dot nor slash.
SYSTEM = re.compile(
    r"(sys|linux|net|netinet|arpa|asm|bits)/[\w/]+\.h|"
    r"(dirent|dlfcn|elf|endian|errno|fcntl|getopt|grp|limits|math|netdb|poll|pthread|pwd|sched|signal|spawn|stdint|"
    r"stdio|stdlib|string|syslog|termios|time|unistd|utime)\.h")

LINES_MAX = 500
CODE = {".cpp", ".hpp", ".py", ".sh", ".cmake"}
# Bytes for tests; not ours to format.
DATA = re.compile(r"tests/(fuzz/corpus/.*|golden/.*(?<!\.cpp)(?<!\.hpp)(?<!\.py)(?<!\.txt))")
HOSTS = re.compile(r"([\w-]+\.)*(debian\.org|apache\.org|json-schema\.org|libvirt\.org|example\.(org|com)|"
                   r"github\.com|keepachangelog\.com|semver\.org|fedoraproject\.org|freedesktop\.org|toml\.io|w3\.org|"
                   r"localhost)|127\.0\.0\.1|169\.254\.169\.254|[$%{<].*")

RULES = {}


def rule(function):
    RULES[function.__name__.replace("_", "-")] = function
    return function


class File:
    def __init__(self, root, path):
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        self.suffix = Path(path).suffix
        self.raw = (root / path).read_bytes()
        self.text = self.raw.decode("utf-8", "replace")
        self.lines = self.text.split("\n")
        parts = path.split("/")
        self.top = parts[0]
        self.folder = parts[1] if self.top == "src" and len(parts) > 2 else None
        self.executable = os.access(root / path, os.X_OK)

    @property
    def is_cpp(self):
        return self.suffix in (".cpp", ".hpp")

    @property
    def is_shell(self):
        return self.lines[0].startswith("#!") and "sh" in self.lines[0]

    @property
    def is_code(self):
        return self.suffix in CODE or self.name == "CMakeLists.txt" or self.lines[0].startswith("#!")

    def matches(self, pattern):
        """(line number, match) of every place, on its line."""
        for number, line in enumerate(self.lines, 1):
            for match in re.finditer(pattern, line):
                yield number, match


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.files = []
        for folder, folders, names in os.walk(self.root):
            inside = os.path.relpath(folder, self.root)
            folders[:] = [f for f in sorted(folders) if f not in (".git", "build", "__pycache__", ".cache")]
            for name in sorted(names):
                path = name if inside == "." else f"{inside}/{name}"
                if not DATA.fullmatch(path) and name != ".git" and not (self.root / path).is_symlink():
                    self.files.append(File(self.root, path))
        self.by_path = {f.path: f for f in self.files}

    def cpp(self, *tops):
        return [f for f in self.files if f.is_cpp and (not tops or f.top in tops)]


@rule
def include_layers(tree):
    """A folder includes only what stands to its right."""
    for f in tree.cpp("src"):
        if f.folder not in ROW:
            yield f, 1, f"no layer is known for src/{f.folder}: add it to docs/architecture.md and here"
            continue
        for number, match in f.matches(r'^\s*#\s*include "(\w+)/'):
            other = match[1]
            if other in ROW and other != f.folder and ROW[other] <= ROW[f.folder]:
                yield f, number, f"{f.folder} may not include {other}, which does not stand to its right"


@rule
def link_layers(tree):
    """CMake links follow the same order as includes."""
    for f in tree.files:
        if f.name == "CMakeLists.txt" and f.folder in ROW:
            for number, match in f.matches(r"jaunt::(\w+)"):
                if match[1] in ROW and ROW[match[1]] <= ROW[f.folder]:
                    yield f, number, f"{f.folder} may not link {match[1]}, which does not stand to its right"


@rule
def include_names(tree):
    """Headers of src are named from src, exist, and a .cpp includes its own header first."""
    for f in tree.cpp():
        quoted = [(number, match[1]) for number, match in f.matches(r'^\s*#\s*include "([^"]+)"')]
        for number, name in quoted:
            beside = f.path.rsplit("/", 1)[0] + "/" + name
            from_tests = f.top in ("tests", "bench") and any(
                p.endswith("/" + name) and p.startswith(("tests/", "tools/")) for p in tree.by_path)
            if f"src/{name}" not in tree.by_path and (f.top == "src" or beside not in tree.by_path) \
                    and not from_tests:
                yield f, number, f'"{name}" is not a file below src; write "folder/name.hpp"'
        own = f.path[len("src/"):-len(".cpp")] + ".hpp"
        if f.top == "src" and f.suffix == ".cpp" and f"src/{own}" in tree.by_path:
            first = next((match[1] for _, match in f.matches(r'^\s*#\s*include ["<]([^">]+)')), None)
            if first != own:
                yield f, 1, f'the first include is "{own}", which so proves that it stands alone'


@rule
def library_ownership(tree):
    """A third-party header appears only in its owner's .cpp files."""
    for f in tree.cpp():
        for number, match in f.matches(r"^\s*#\s*include <([^>]+)>"):
            header = match[1]
            if re.fullmatch(r"\w+", header) or SYSTEM.fullmatch(header):
                continue
            owner = next((o for pattern, o in OWNERS if re.match(pattern, header)), "unknown")
            if owner == "unknown":
                yield f, number, f"<{header}> has no owner: name one in docs/architecture.md and here"
            elif owner is not None and (f.folder or f.top) not in owner:
                yield f, number, f"<{header}> belongs to {', '.join(sorted(owner))} alone"
            elif owner is not None and f.suffix != ".cpp":
                yield f, number, f"<{header}> stays in .cpp files, so that no other folder sees it"


@rule
def file_length(tree):
    for f in tree.files:
        if f.is_code and len(f.lines) - 1 > LINES_MAX:
            yield f, LINES_MAX + 1, f"{len(f.lines) - 1} lines; a file ends by {LINES_MAX}: split it by what it knows"


@rule
def unique_names(tree):
    """A name says which file is meant, in a backtrace too."""
    seen = defaultdict(list)
    for f in tree.cpp("src"):
        seen[f.name].append(f)
    for name, files in seen.items():
        for f in files[1:]:
            yield f, 1, f"{files[0].path} has the same name"


@rule
def sources_listed(tree):
    """Every .cpp is named in a CMakeLists.txt, and nothing is globbed."""
    for f in tree.files:
        if f.name == "CMakeLists.txt" or f.suffix == ".cmake":
            for number, _ in f.matches(r"(?i)^\s*file\s*\(\s*GLOB"):
                yield f, number, "sources are listed, not globbed: a new file must be somebody's decision"
    for f in tree.cpp():
        folder = f.path.rsplit("/", 1)[0] if "/" in f.path else ""
        while folder and f"{folder}/CMakeLists.txt" not in tree.by_path:
            folder = folder.rsplit("/", 1)[0] if "/" in folder else ""
        listing = tree.by_path.get(f"{folder}/CMakeLists.txt")
        relative = re.escape(f.path[len(folder) + 1:])
        if f.suffix == ".cpp" and not (listing and re.search(rf"(?<![\w/.-]){relative}(?![\w.])", listing.text)) \
                and not any(re.search(rf"/{re.escape(f.path)}(?![\w.])", c.text)
                            for c in tree.files if c.suffix == ".cmake"):
            yield f, 1, f"it is in no list of sources of {folder or '.'}/CMakeLists.txt, so nothing builds it"


@rule
def header_form(tree):
    """A header opens with what it is, then #pragma once, and puts nothing into its readers' scope."""
    for f in tree.cpp():
        if f.suffix != ".hpp":
            continue
        if not re.match(r"// \S.*", f.lines[0]):
            yield f, 1, "a header's first line is a comment that says what it is"
        code = next((n for n, line in enumerate(f.lines, 1) if line and not line.startswith("//")), 1)
        if f.lines[code - 1] != "#pragma once":
            yield f, code, "#pragma once comes before any code"
        for number, _ in f.matches(r"^using namespace\b"):
            yield f, number, "a header does not open namespaces for its readers"
        for number, _ in f.matches(r"^\s*namespace\s*\{"):
            yield f, number, "an anonymous namespace in a header is a copy per reader: put it into the .cpp"


@rule
def namespace_is_folder(tree):
    for f in tree.cpp("src"):
        if f.folder and not re.search(rf"^namespace jaunt::{f.folder}\b", f.text, re.M):
            yield f, 1, f"its namespace is jaunt::{f.folder}"


@rule
def one_exception(tree):
    """base::Error is the only error, and broken invariants abort in every build."""
    for f in tree.cpp("src"):
        for number, match in f.matches(r"\bthrow\s+std::\w+"):
            yield f, number, f"{match[0]}: throw base::Error, which names operation, subject and cause"
        for number, _ in f.matches(r"#\s*include\s*<(cassert|assert\.h)>|(?<![\w.])assert\("):
            yield f, number, "assert vanishes in release builds: use base::invariant"


@rule
def plain_text(tree):
    for f in tree.files:
        if f.suffix in (".png", ".ico"):
            continue
        if f.raw and not f.raw.endswith(b"\n"):
            yield f, len(f.lines), "the last line has no end"
        if "\ufffd" in f.text and b"\xef\xbf\xbd" not in f.raw:
            yield f, 1, "it is not UTF-8"
        for number, match in f.matches(r"\t|\r|[ ]+$"):
            what = {"\t": "a tab", "\r": "a carriage return"}.get(match[0], "blanks at the end of the line")
            yield f, number, what


@rule
def words(tree):
    """Words that promise work or say nothing."""
    for f in tree.files:
        if f.top == "tests" and f.path.startswith("tests/tidy/"):
            continue  # they are named here
        stem = f.name.split(".")[0].lower()
        for part in [*f.path.lower().split("/")[:-1], stem]:
            if re.fullmatch(r"utils?|common|misc|helpers?|types|(\w+_)?(utils?|helpers?|misc)", part):
                yield f, 1, f'"{part}" says nothing: name what the file knows'
        for number, match in f.matches(r"\b(TODO|FIXME|XXX|HACK)\b"):
            yield f, number, f"{match[0]}: do it, or write it where work is planned"
        if f.is_cpp:
            for number, match in f.matches(r"\b(?:class|struct|enum class|using)\s+(\w*(?:Manager|Helper|Utils?))\b"):
                yield f, number, f"{match[1]} says nothing: name what it is"


@rule
def machine_words(tree):
    """Nothing in the project depends on the machine it was written on."""
    for f in tree.files:
        if f.path.startswith("tests/tidy/"):
            continue
        for number, match in f.matches(r"(?<![\w./}-])/(work|home/(?!alice|user\b|anna)\w+|Users)/"):
            yield f, number, f"{match[0]} is a folder of one machine"
        for number, match in f.matches(r"\b(?:https?|ftp|git)://([^/\s\"'`)>:]+)"):
            if not HOSTS.fullmatch(match[1]):
                yield f, number, f"{match[1]} is a host that other machines may not reach: take it from configuration"


@rule
def test_names(tree):
    """The name of a test is a sentence of behaviour."""
    for f in tree.cpp("tests"):
        for number, match in f.matches(r'\bTEST_CASE\("((?:[^"\\]|\\.)*)"'):
            if len(match[1].split()) < 3 or not re.match(r"[A-Z0-9`\\/]", match[1]):
                yield f, number, f'"{match[1]}" is no sentence: say what holds, as in "A torn file is refused"'


@rule
def scripts(tree):
    for f in tree.files:
        if f.executable and not f.lines[0].startswith("#!"):
            yield f, 1, "it is executable and does not say by what"
        if f.is_shell and "bash" in f.lines[0] and not re.search(r"^set -E?eux?o pipefail$", f.text, re.M):
            yield f, 1, "a script says set -euo pipefail"


def check(root, names=None):
    tree = Tree(root)
    for name, function in RULES.items():
        if names is None or name in names:
            for file, number, reason in function(tree):
                yield f"{file.path}:{number}: {reason} ({name})"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    findings = list(check(root))
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings by {len(RULES)} rules")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
