"""What scripts/check_tidy.py asks clang-tidy again, and what it need not; with a clang-tidy that only pretends."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "..", "..", "scripts", "check_tidy.py")
# Opens the one header that a.cc includes, finds fault with the word `bad`, and counts how often it was asked.
PRETENDER = r"""#!/bin/sh
case $1 in --version) echo "LLVM version ${PRETENDED:-14.0.6}"; exit 0 ;; esac
root=$(dirname "$0")
echo "$@" >>"$root/asked"
echo ". $root/tree/verify/a.h" >&2
echo "12 warnings generated." >&2
! grep -Hn bad "$root/tree/verify/a.h" "$root/tree/verify/a.cc" | sed 's/^\(.*:[0-9]*\):.*/\1:1: error: bad word/' | grep .
"""


class CheckTidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = os.path.realpath(folder.name)
        self.root = os.path.join(self.top, "tree")
        self.write("verify/a.h", "int a();\n")
        self.write("verify/a.cc", '#include "verify/a.h"\n')
        self.write(".clang-tidy", "Checks: bugprone-*\n")
        self.compiled_with("-O2 -DA")
        self.write("../clang-tidy", PRETENDER)
        os.chmod(os.path.join(self.top, "clang-tidy"), 0o755)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        # As if it had been there for a while: what is written during a run is not trusted.
        os.utime(full, (1_700_000_000, 1_700_000_000))

    def compiled_with(self, *flags):
        source = os.path.join(self.root, "verify/a.cc")
        self.write("build/compile_commands.json", json.dumps([
            {"directory": os.path.join(self.root, "build"), "file": source,
             "command": f"c++ {some} -o a.o -c {source}"} for some in flags]))

    def run_it(self, *arguments, files=("verify/a.cc",), **environment):
        return subprocess.run(
            [sys.executable, PROGRAM, "--root", self.root, "--build", os.path.join(self.root, "build"),
             *arguments, *files], cwd=self.root, capture_output=True, text=True, check=False,
            env={"PATH": f"{self.top}:/usr/bin:/bin", "XDG_CACHE_HOME": os.path.join(self.top, "cache"),
                 **environment})

    def asked(self):
        """How clang-tidy was called since the last time."""
        path = os.path.join(self.top, "asked")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        os.remove(path)
        return lines

    def make_known(self):
        self.assertEqual(self.run_it().returncode, 0)
        self.assertEqual(len(self.asked()), 1)

    def assert_asked_again(self, *arguments, **environment):
        done = self.run_it(*arguments, **environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(self.asked()), 1)

    def test_what_was_clean_is_not_looked_at_twice(self):
        self.make_known()
        done = self.run_it()
        self.assertEqual((done.returncode, self.asked()), (0, []))
        self.assertIn("1 of them known", done.stdout)

    def test_a_file_of_a_unity_build_is_looked_at_by_itself(self):
        unity = os.path.join(self.root, "build/x.dir/Unity/unity_0_cxx.cxx")
        self.write("build/x.dir/Unity/unity_0_cxx.cxx",
                   f'#include "{self.root}/verify/a.cc"\n\n#include "{self.root}/verify/c.cc"\n')
        self.write("build/compile_commands.json", json.dumps([
            {"directory": os.path.join(self.root, "build"), "file": unity,
             "command": f"c++ -DA -o u.o -c {unity}"}]))
        self.write("verify/a.cc", '#include "verify/a.h"\nint bad();\n')
        done = self.run_it()
        self.assertIn("verify/a.cc:2:1: error: bad word", done.stdout)
        self.assertEqual(len(self.asked()), 1)

    def test_a_changed_file_is_looked_at(self):
        self.make_known()
        self.write("verify/a.cc", '#include "verify/a.h"\nint b();\n')
        self.assert_asked_again()

    def test_a_changed_header_is_looked_at(self):
        self.make_known()
        self.write("verify/a.h", "int bad();\n")
        done = self.run_it()
        self.assertEqual(done.returncode, 1)
        self.assertIn("verify/a.h:1:1: error: bad word", done.stdout)
        self.write("verify/a.h", "int a();  // NOLINT\n")
        self.asked()
        self.assert_asked_again()

    def test_changed_checks_are_asked(self):
        self.make_known()
        self.write(".clang-tidy", "Checks: performance-*\n")
        self.assert_asked_again()
        self.write("verify/.clang-tidy", "Checks: misc-*\n")
        self.assert_asked_again()

    def test_changed_flags_and_programs_are_asked(self):
        self.make_known()
        self.compiled_with("-O2 -DB")
        self.assert_asked_again()
        self.assert_asked_again(PRETENDED="14.0.7")
        self.assert_asked_again("--analyze")

    def test_optimization_is_no_flag_that_counts(self):
        self.make_known()
        self.compiled_with("-O0 -DA")
        self.assertEqual((self.run_it().returncode, self.asked()), (0, []))

    def test_a_finding_is_told_every_time(self):
        self.write("verify/a.cc", '#include "verify/a.h"\nint bad();\n')
        for _ in range(2):
            done = self.run_it()
            self.assertEqual((done.returncode, len(self.asked())), (1, 1))
            self.assertIn("verify/a.cc:2:1: error: bad word", done.stdout)

    def test_a_finding_in_a_header_is_told_once(self):
        self.write("verify/a.h", "int bad();\n")
        done = self.run_it(files=("verify/a.cc", "verify/a.cc"))
        self.assertEqual((done.returncode, done.stdout.count("bad word")), (1, 1))

    def test_a_file_that_changes_meanwhile_is_not_known(self):
        os.utime(os.path.join(self.root, "verify/a.h"), (4_000_000_000, 4_000_000_000))
        self.assert_asked_again()
        self.assert_asked_again()

    def test_a_file_that_is_compiled_twice_is_looked_at_with_the_most_definitions(self):
        self.compiled_with("-DA", "-DA -DB")
        self.run_it()
        asked = self.asked()
        self.assertEqual(len(asked), 1)
        self.assertIn("-DB", asked[0])

    def test_a_file_that_nothing_compiles_is_told(self):
        done = self.run_it(files=("verify/b.cc",))
        self.assertEqual(done.returncode, 1)
        self.assertIn("verify/b.cc: tidy: build does not compile it", done.stdout)

    def test_another_clang_tidy_is_no_judge(self):
        done = self.run_it(PRETENDED="19.1.0")
        self.assertEqual((done.returncode, self.asked()), (0, []))
        self.assertIn("tidy: not checked", done.stdout)
        done = self.run_it(PRETENDED="19.1.0", CI="true")
        self.assertEqual(done.returncode, 1)
        # CTest takes these words for a skipped test.
        self.assertNotIn("tidy: not checked", done.stdout)


if __name__ == "__main__":
    unittest.main()
