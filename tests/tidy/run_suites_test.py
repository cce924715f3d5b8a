#!/usr/bin/env python3
"""Proves that tests/run-suites counts what happened, and fails when it must."""

import subprocess
import tempfile
import unittest
from pathlib import Path

RUN_SUITES = Path(__file__).resolve().parents[1] / "run-suites"


def cases(total, passed, failed):
    return f"echo '[doctest] test cases: {total} | {passed} passed | {failed} failed | 0 skipped'; "


class RunSuitesTest(unittest.TestCase):
    def run_tests(self, *tests):
        """tests: (name, label, shell script); returns the exit status and the lines."""
        with tempfile.TemporaryDirectory() as build:
            listing = []
            for name, label, script in tests:
                seconds = 1 if "sleep" in script else 30
                listing.append(f"add_test({name} sh -c [==[{script}]==])")
                listing.append(f"set_tests_properties({name} PROPERTIES LABELS {label} SKIP_RETURN_CODE 77 TIMEOUT {seconds})")
            Path(build, "CTestTestfile.cmake").write_text("\n".join(listing) + "\n")
            done = subprocess.run([RUN_SUITES, build], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout.splitlines()

    def test_cases_and_plain_tests_are_added_up(self):
        status, lines = self.run_tests(("unit_a", "unit", cases(12, 12, 0)), ("fuzz_a", "fuzz", "true"),
                                       ("fuzz_b", "fuzz", "true"))
        self.assertEqual((status, lines[-1]), (0, "14 passed, 0 failed, 0 skipped"))
        self.assertTrue(any(line.startswith("unit_a ") and "12 passed" in line for line in lines), lines)
        self.assertTrue(any(line.startswith("fuzz ") and "2 passed" in line for line in lines), lines)

    def test_a_failure_shows_its_output(self):
        status, lines = self.run_tests(("unit_a", "unit", "echo the reason; " + cases(3, 1, 2) + "exit 1"))
        self.assertEqual((status, lines[-1]), (1, "1 passed, 2 failed, 0 skipped"))
        self.assertIn("the reason", lines)

    def test_dying_after_the_last_case_is_a_failure(self):
        status, lines = self.run_tests(("unit_a", "unit", cases(3, 3, 0) + "kill -SEGV $$"))
        self.assertEqual((status, lines[-1]), (1, "3 passed, 1 failed, 0 skipped"))

    def test_an_executable_without_cases_is_a_failure(self):
        status, _ = self.run_tests(("unit_a", "unit", cases(0, 0, 0)))
        self.assertEqual(status, 1)

    def test_skipped_cases_say_why(self):
        status, lines = self.run_tests(("unit_a", "unit", "echo 'skipped: A case: no kernel'; " + cases(3, 3, 0)))
        self.assertEqual((status, lines[-1]), (0, "2 passed, 0 failed, 1 skipped"))
        self.assertIn("  skipped: A case: no kernel", lines)

    def test_only_skipped_integration_tests_are_a_failure(self):
        skipping = "echo 'skipped: A guest boots: no guests'; " + cases(1, 1, 0) + "exit 77"
        status, lines = self.run_tests(("unit_a", "unit", "true"), ("integration_a", "integration", skipping))
        self.assertEqual((status, lines[-1]), (1, "1 passed, 1 failed, 1 skipped"))

    def test_a_hang_is_a_failure(self):
        status, lines = self.run_tests(("unit_a", "unit", "echo before; exec sleep 30"))
        self.assertEqual((status, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_no_tests_at_all_is_a_failure(self):
        status, _ = self.run_tests()
        self.assertEqual(status, 1)


if __name__ == "__main__":
    unittest.main()
