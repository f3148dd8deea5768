"""What scripts/test asks of CTest; with a ctest, an install, a build and images that only pretend."""

import os
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "..", "..", "..", "scripts")


class TestCommand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.asked = os.path.join(self.root, "asked")
        os.makedirs(os.path.join(self.root, "scripts"))
        os.makedirs(os.path.join(self.root, "bin"))
        for name in ("test", "root.sh"):
            shutil.copy(os.path.join(SCRIPTS, name), os.path.join(self.root, "scripts", name))
        for name in ("scripts/install", "scripts/build", "scripts/images"):
            self.program(name, "exit 0")
        self.program("bin/ctest", f'printf "%s\\n" "$@" >>"{self.asked}"')
        # Where somebody else than root runs the test, the pretenders need no root either.
        self.program("bin/sudo", 'while [ "${1#-}" != "$1" ]; do shift; done; exec "$@"')

    def program(self, name, body):
        path = os.path.join(self.root, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{body}\n")
        os.chmod(path, 0o755)

    def arguments(self, *arguments):
        environment = dict(os.environ, PATH=os.path.join(self.root, "bin") + ":" + os.environ["PATH"])
        subprocess.run([os.path.join(self.root, "scripts", "test"), *arguments], check=True, env=environment)
        with open(self.asked, encoding="utf-8") as file:
            return file.read().split()

    def labels(self, option, arguments):
        return [arguments[at + 1] for at, word in enumerate(arguments) if word == option]

    def test_runs_tests_only_unless_told_otherwise(self):
        self.assertEqual(self.labels("-LE", self.arguments()), ["tidy"])

    def test_options_that_select_nothing_leave_it_so(self):
        self.assertEqual(self.labels("-LE", self.arguments("-V")), ["tidy"])

    def test_runs_the_style_check_by_its_label(self):
        asked = self.arguments("-L", "tidy")
        self.assertEqual(self.labels("-L", asked), ["tidy"])
        self.assertEqual(self.labels("-LE", asked), [])

    def test_takes_a_selection_as_it_is(self):
        self.assertEqual(self.labels("-LE", self.arguments("-LE", "live|tidy")), ["live|tidy"])
        os.remove(self.asked)
        self.assertEqual(self.labels("-LE", self.arguments("-R", "tidy")), [])


if __name__ == "__main__":
    unittest.main()
