#!/usr/bin/env python3
"""Proves that every rule of tidy.py fires where it should, and only there."""

import os
import tempfile
import unittest
from pathlib import Path

import tidy

HEADER = "// A thing.\n#pragma once\nnamespace jaunt::disk {}\n"
SOURCE = "namespace jaunt::disk {}\n"
BASE = "// A thing.\n#pragma once\nnamespace jaunt::base {}\n"

# rule: [(files of a small tree, the finding's start, a part of its reason)]
BAD = {
    "include-layers": [
        ({"src/disk/a.hpp": HEADER + '#include "chunkstore/b.hpp"\n'}, "src/disk/a.hpp:4:", "may not include chunkstore"),
        ({"src/disk/a.hpp": HEADER + '#include "codec/b.hpp"\n'}, "src/disk/a.hpp:4:", "may not include codec"),
        ({"src/base/a.hpp": BASE + '# include "model/b.hpp"\n'}, "src/base/a.hpp:4:", "may not include model"),
        ({"src/stuff/a.hpp": HEADER}, "src/stuff/a.hpp:1:", "no layer is known"),
    ],
    "link-layers": [
        ({"src/disk/CMakeLists.txt": "jaunt_library(disk\n  LINKS jaunt::match)\n"}, "src/disk/CMakeLists.txt:2:", "match"),
    ],
    "include-names": [
        ({"src/disk/a.hpp": HEADER + '#include "b.hpp"\n', "src/disk/b.hpp": HEADER}, "src/disk/a.hpp:4:", "not a file"),
        ({"src/disk/a.hpp": HEADER, "src/disk/a.cpp": '#include "disk/b.hpp"\n#include "disk/a.hpp"\n',
          "src/disk/b.hpp": HEADER}, "src/disk/a.cpp:1:", "the first include"),
        ({"src/disk/a.hpp": HEADER, "src/disk/a.cpp": '#include <vector>\n#include "disk/a.hpp"\n'},
         "src/disk/a.cpp:1:", "the first include"),
    ],
    "library-ownership": [
        ({"src/match/a.cpp": "#include <libnbd.h>\n"}, "src/match/a.cpp:1:", "belongs to disk"),
        ({"src/disk/a.hpp": HEADER + "#include <libnbd.h>\n"}, "src/disk/a.hpp:4:", "stays in .cpp"),
        ({"tools/a.cpp": "#include <lmdb.h>\n"}, "tools/a.cpp:1:", "belongs to chunkstore"),
        ({"src/engine/a.cpp": "#include <CLI/CLI.hpp>\n"}, "src/engine/a.cpp:1:", "belongs to tools"),
        ({"src/engine/a.cpp": "#include <libvirt/libvirt.h>\n"}, "src/engine/a.cpp:1:", "belongs to hypervisor"),
        ({"src/model/a.cpp": "#include <openssl/evp.h>\n"}, "src/model/a.cpp:1:", "belongs to base"),
        ({"src/disk/a.cpp": "#include <guestfs.h>\n"}, "src/disk/a.cpp:1:", "belongs to describe"),
        ({"src/disk/a.cpp": "#include <toml++/toml.h>\n"}, "src/disk/a.cpp:1:", "belongs to engine"),
        ({"src/disk/a.cpp": "#include <boost/any.hpp>\n"}, "src/disk/a.cpp:1:", "has no owner"),
    ],
    "file-length": [
        ({"src/disk/a.cpp": SOURCE + "\n" * 500}, "src/disk/a.cpp:501:", "501 lines"),
        ({"tools/a": "#!/bin/sh\n" + "\n" * 500}, "tools/a:501:", "501 lines"),
    ],
    "unique-names": [
        ({"src/disk/a.hpp": HEADER, "src/model/a.hpp": HEADER}, "src/model/a.hpp:1:", "src/disk/a.hpp"),
    ],
    "sources-listed": [
        ({"src/disk/a.cpp": SOURCE, "src/disk/CMakeLists.txt": "aa.cpp a.cpp.in b/a.cpp\n"}, "src/disk/a.cpp:1:", "no list"),
        ({"src/disk/a.cpp": SOURCE}, "src/disk/a.cpp:1:", "no list"),
        ({"src/disk/CMakeLists.txt": "\nfile(GLOB x *.cpp)\n"}, "src/disk/CMakeLists.txt:2:", "globbed"),
    ],
    "header-form": [
        ({"src/disk/a.hpp": "#pragma once\n"}, "src/disk/a.hpp:1:", "says what it is"),
        ({"src/disk/a.hpp": "// A thing.\n\n#include <vector>\n"}, "src/disk/a.hpp:3:", "#pragma once"),
        ({"src/disk/a.hpp": HEADER + "using namespace std;\n"}, "src/disk/a.hpp:4:", "open namespaces"),
        ({"src/disk/a.hpp": HEADER + "namespace {\n}\n"}, "src/disk/a.hpp:4:", "anonymous namespace"),
    ],
    "namespace-is-folder": [
        ({"src/disk/a.cpp": "namespace jaunt::model {}\n"}, "src/disk/a.cpp:1:", "jaunt::disk"),
    ],
    "one-exception": [
        ({"src/disk/a.cpp": SOURCE + 'throw std::runtime_error("x");\n'}, "src/disk/a.cpp:2:", "base::Error"),
        ({"src/disk/a.cpp": SOURCE + "  assert(x);\n"}, "src/disk/a.cpp:2:", "invariant"),
    ],
    "plain-text": [
        ({"docs/a.md": "x\n\ty\n"}, "docs/a.md:2:", "a tab"),
        ({"docs/a.md": "x  \n"}, "docs/a.md:1:", "blanks"),
        ({"docs/a.md": "x\r\n"}, "docs/a.md:1:", "carriage return"),
        ({"docs/a.md": "x"}, "docs/a.md:1:", "no end"),
        ({"docs/a.md": b"\xff\n"}, "docs/a.md:1:", "UTF-8"),
    ],
    "words": [
        ({"src/disk/disk_util.cpp": SOURCE}, "src/disk/disk_util.cpp:1:", "disk_util"),
        ({"tests/helpers/a.cpp": SOURCE}, "tests/helpers/a.cpp:1:", "helpers"),
        ({"docs/a.md": "x\nTODO: more\n"}, "docs/a.md:2:", "TODO"),
        ({"src/disk/a.cpp": SOURCE + "// FIXME later\n"}, "src/disk/a.cpp:2:", "FIXME"),
        ({"src/disk/a.cpp": SOURCE + "class DiskManager {};\n"}, "src/disk/a.cpp:2:", "DiskManager"),
    ],
    "machine-words": [
        ({"tools/a": "#!/bin/sh\ncd /work/thing\n"}, "tools/a:2:", "one machine"),
        ({"docs/a.md": "in `/home/somebody/x`\n"}, "docs/a.md:1:", "one machine"),
        ({"tools/a": "#!/bin/sh\ncurl http://proxy.local:80/x\n"}, "tools/a:2:", "proxy.local"),
    ],
    "test-names": [
        ({"tests/unit/a.cpp": 'TEST_CASE("hasher") {}\n'}, "tests/unit/a.cpp:1:", "no sentence"),
        ({"tests/unit/a.cpp": 'TEST_CASE("it hashes all blocks") {}\n'}, "tests/unit/a.cpp:1:", "no sentence"),
    ],
    "scripts": [
        ({"tools/a": "#!/usr/bin/env bash\nset -e\n"}, "tools/a:1:", "set -euo pipefail"),
        ({"tools/run*": "echo\n"}, "tools/run:1:", "does not say by what"),
    ],
}

GOOD = {
    "src/base/bytes.hpp": BASE,
    "src/disk/CMakeLists.txt": "jaunt_library(disk\n  SOURCES a.cpp sub/c.cpp\n  LINKS jaunt::model)\n",
    "src/disk/a.hpp": HEADER,
    "src/disk/a.cpp": '#include "disk/a.hpp"\n#include <vector>\n#include <sys/stat.h>\n#include <libnbd.h>\n'
                      '#include <fmt/format.h>\n#include "base/bytes.hpp"\nnamespace jaunt::disk {\n'
                      'static_assert(true);\nclass Manages {};\n}\n',
    "src/disk/sub/c.cpp": SOURCE,
    "tests/unit/CMakeLists.txt": "a_test.cpp\n",
    "tests/unit/a_test.cpp": '#include "disk/a.hpp"\nTEST_CASE("A torn file is refused") {}\n',
    "tests/fuzz/corpus/fuzz_a/bytes": b"\xff\t",
    "tests/golden/example-v1.tree": b"\xff\r",
    "docs/a.md": "see https://deb.debian.org/debian and /var/lib/jaunt\n",
    "tools/demo*": "#!/usr/bin/env bash\nset -euo pipefail\n",
}


def findings(files, names):
    with tempfile.TemporaryDirectory() as root:
        for path, content in files.items():
            target = Path(root, path.rstrip("*"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
            if path.endswith("*"):
                os.chmod(target, 0o755)
        return list(tidy.check(root, names))


class TidyTest(unittest.TestCase):
    def test_every_rule_has_a_case(self):
        self.assertEqual(set(BAD), set(tidy.RULES))

    def test_each_rule_fires_once_at_its_place(self):
        for name, cases in BAD.items():
            for files, place, reason in cases:
                with self.subTest(rule=name, place=place, reason=reason):
                    found = findings(files, {name})
                    self.assertEqual(len(found), 1, found)
                    self.assertTrue(found[0].startswith(place), found[0])
                    self.assertIn(reason, found[0])

    def test_a_good_tree_passes(self):
        self.assertEqual(findings(GOOD, None), [])


if __name__ == "__main__":
    unittest.main()
