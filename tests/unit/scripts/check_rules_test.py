"""Every rule of scripts/check_rules.py is seen to fail once: a rule that cannot fail holds nothing."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "scripts"))
import check_rules  # noqa: E402  (the path comes first)
import error_catalogue  # noqa: E402

HEADER = "// What this is.\n#pragma once\n"


class Rules(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text, mode=0o644):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(full, mode)

    def broken(self, path, text, mode=0o644):
        """The rules that one file breaks in a tree that is good otherwise."""
        for top in ("migrator", "verify", "scenarios", "fixtures", "tests", "scripts"):
            self.write(f"{top}/README.md", "")
        for name in ("migrator/model/name.h", "migrator/engine/source.h", "migrator/engine/postgres/session/connection.h",
                     "migrator/engine/mysql/connection.h", "migrator/stage/full_stage.h", "verify/compare/compare.h"):
            self.write(name, HEADER)
        self.write(path, text, mode)
        if path.endswith(".cc"):
            lists = os.path.join(os.path.dirname(path), "CMakeLists.txt")
            if not os.path.exists(os.path.join(self.root, lists)):
                self.write(lists, os.path.basename(path))
        findings = check_rules.Checker(self.root).run()
        return sorted({finding.split(": ")[1] for finding in findings})

    def test_a_good_tree_breaks_nothing(self):
        self.assertEqual(self.broken("migrator/stage/a.cc", '#include "migrator/engine/source.h"\n'), [])

    def test_include_directions(self):
        for path, name in (("migrator/model/a.cc", "migrator/engine/source.h"),
                           ("migrator/stage/a.cc", "migrator/engine/postgres/session/connection.h"),
                           ("migrator/engine/a.cc", "migrator/engine/postgres/session/connection.h"),
                           ("migrator/engine/postgres/a.cc", "migrator/engine/mysql/connection.h"),
                           ("verify/a.cc", "migrator/stage/full_stage.h"),
                           ("fixtures/a.cc", "verify/compare/compare.h")):
            self.assertEqual(self.broken(path, f'#include "{name}"\n'), ["direction"], path)
            os.remove(os.path.join(self.root, path))

    def test_rooms_are_entered_from_above_only(self):
        self.write("verify/verify.h", HEADER)
        self.write("verify/end/end.h", HEADER)
        for path, name, rules in (("verify/end/a.cc", "verify/compare/compare.h", ["room"]),
                                  ("verify/end/a.cc", "verify/verify.h", ["room"]),
                                  ("verify/attic/a.cc", "verify/end/end.h", ["room"]),
                                  ("verify/compare/a.cc", "verify/end/end.h", []),
                                  ("verify/a.cc", "verify/compare/compare.h", []),
                                  ("migrator/engine/mysql/session/a.cc", "migrator/engine/mysql/connection.h", ["room"]),
                                  ("migrator/engine/mysql/log/a.cc", "migrator/engine/mysql/session/b.h", [])):
            self.write("migrator/engine/mysql/session/b.h", HEADER)
            self.assertEqual(self.broken(path, f'#include "{name}"\n'), rules, (path, name))
            os.remove(os.path.join(self.root, path))

    def test_the_judge_may_borrow_a_connection(self):
        self.assertEqual(self.broken("verify/a.cc", '#include "migrator/engine/postgres/session/connection.h"\n'), [])

    def test_an_include_is_a_path_from_the_root(self):
        self.assertEqual(self.broken("migrator/model/a.cc", '#include "name.h"\n'), ["include"])

    def test_libraries_stay_in_their_folders(self):
        self.assertEqual(self.broken("verify/a.cc", "#include <libpq-fe.h>\n"), ["library"])

    def test_heavy_headers_stay_out_of_headers(self):
        self.assertEqual(self.broken("verify/a.h", HEADER + "#include <nlohmann/json.hpp>\n"), ["heavy"])

    def test_the_core_is_deterministic(self):
        for line in ("std::mutex m;", "auto t = std::chrono::steady_clock::now();", "std::thread t;",
                     "std::this_thread::sleep_for(a);", "std::random_device r;"):
            self.assertEqual(self.broken("migrator/stage/a.cc", line + "\n"), ["deterministic core"], line)
        self.assertEqual(self.broken("migrator/stage/a.cc", "// std::mutex\n"), [])

    def test_a_header_opens_with_a_comment_and_pragma_once(self):
        self.assertEqual(self.broken("verify/a.h", "#pragma once\n"), ["opening"])
        self.assertEqual(self.broken("verify/a.h", "// What this is.\n"), ["pragma"])
        self.assertEqual(self.broken("verify/a.h", HEADER + "using namespace std;\n"), ["using"])

    def test_the_table_of_attacks_names_tests_that_are_there(self):
        self.write("tests/a.cc", "TEST_F(Suite, HoldsIt) {\n")
        self.write("tests/CMakeLists.txt", "a.cc cutover_test(live_a\n")
        head = "| | Attack | Defence | Test |\n|---|---|---|---|\n"
        row = "| S01 | a way in | a wall | {} |\n"
        for good in ("`Suite.HoldsIt`", "`Suite.*`, by `live_a` and `tests/a.cc`"):
            self.assertEqual(self.broken("SECURITY.md", head + row.format(good)), [], good)
        for bad in ("none", "`Suite.HoldsIt`, `Suite.HoldsThat`", "`Other.*`", "`live_b`"):
            self.assertEqual(self.broken("SECURITY.md", head + row.format(bad)), ["security"], bad)

    def test_temporary_names_cannot_be_foreseen(self):
        self.assertEqual(self.broken("scripts/a", "# --help\nlog=/tm" + "p/log\n"), ["temporary"])
        self.assertEqual(self.broken("scripts/a", "# --help\nlog=$(mktemp)\n"), [])
        folder = "auto folder = fs::temp_directory_path() / name;\n"
        self.assertEqual(self.broken("verify/a.cc", folder), ["temporary"])
        self.assertEqual(self.broken("verify/a.cc", folder + "::mkdtemp(folder.data());\n"), [])

    def test_nothing_unfinished_lands(self):
        self.assertEqual(self.broken("verify/a.cc", "// TO" + "DO: later\n"), ["unfinished"])

    def test_no_machine_paths(self):
        self.assertEqual(self.broken("verify/a.cc", 'auto p = "/ro' + 'ot/x";\n'), ["machine path"])

    def test_words(self):
        self.assertEqual(self.broken("verify/a.cc", "int s" + "rc_rows = 0;\n"), ["words"])

    def test_lengths(self):
        self.assertEqual(self.broken("verify/a.cc", "int a;\n" * 601), ["length"])
        body = "void f(int a,\n       int b) {\n" + "    g();\n" * 70 + "}\n"
        self.assertEqual(self.broken("verify/a.cc", body), ["function"])

    def test_names_and_values_get_into_statements_quoted(self):
        bad = ('c.exec("DROP TABLE " + table.name);', 'c.exec("SELECT * FROM t WHERE a = \'" + value + "\'");',
               'c.exec_params("SELECT " + rows.text(0, 1) + " FROM t", {});',
               'std::string s = "ALTER TABLE " + quote(t) + " OWNER TO " + row.get(0, 0);',
               'return fmt::format("SELECT \'{}\'::text", value);', 'script.add("LOCK TABLE " + plan->table);')
        for line in bad:
            self.assertEqual(self.broken("migrator/engine/postgres/a.cc", line + "\n"), ["sql"], line)
        good = ('c.exec("DROP TABLE " + quote(table.name));', 'c.exec("SELECT " + c.quote_literal(rows.text(0, 1)));',
                'c.exec_params("SELECT $1", {table.name});', 'c.exec(std::string("SELECT ") + kColumns + " FROM t");',
                'throw Error("table \'" + table.name + "\' is gone");',
                'std::string s = "CREATE INDEX " + quote_identifier(free(name.schema, index.name));')
        for line in good:
            self.assertEqual(self.broken("migrator/engine/postgres/a.cc", line + "\n"), [], line)

    def test_places_and_names(self):
        self.assertEqual(self.broken("verify/utils/a.h", HEADER), ["folder"])
        self.assertEqual(self.broken("verify/A.h", HEADER), ["folder", "name"])
        self.assertEqual(self.broken("lib/a.h", HEADER), ["folder", "name", "top-level"])

    def test_unit_tests_mirror_the_tree(self):
        self.assertEqual(self.broken("tests/unit/nowhere/a_test.cc", "\n"), ["mirror"])

    def test_every_source_is_listed(self):
        self.write("verify/CMakeLists.txt", "other.cc")
        self.assertEqual(self.broken("verify/a.cc", "\n"), ["unlisted"])

    def test_every_folder_has_a_readme(self):
        self.assertEqual(self.broken("bench/CMakeLists.txt", "\n"), ["readme"])

    def test_scenarios_promise_and_claim(self):
        good = "promise: Nothing is lost.\nclaims:\n  G5: equal\n  G213: [equal, outcome]\n"
        self.assertEqual(self.broken("scenarios/postgres/a.yaml", good), [])
        for bad in ("claims: {G5: equal}\n", "promise: Nothing is lost.\n", good.replace("G5: equal", "G5:"), good.replace("G213", "G214")):
            self.assertEqual(self.broken("scenarios/postgres/a.yaml", bad), ["scenario"], bad)

    ERRORS = """a.b:
  class: refused
  meaning: It is.
  remedy: Do this,
    then that.
  met: at_start
  found_by: [c.d]
  shown_by: Suite.Test
c.d:
  class: finding
  meaning: It is.
  remedy: Do.
"""
    THROWS = 'throw Error(ErrorClass::refused, "a.b", "m");\nreturn Finding{"c.d", Severity::block, o, f, w, r, {}};\n'

    def catalogue(self, source="", errors=ERRORS, path="migrator/stage/a.cc", page=None):
        """What is broken about the error codes of a tree with this catalogue and this file beside those that make its codes."""
        self.write("scenarios/errors.yaml", errors)
        self.write("tests/a_test.cc", "TEST(Suite, Test) {}\n")
        self.write("migrator/stage/throws.cc", self.THROWS)
        self.write(path, source)
        files = ["scenarios/errors.yaml", "scenarios/ERRORS.md", "migrator/stage/throws.cc", "tests/a_test.cc", path]
        made = error_catalogue.Catalogue(self.root, files)
        self.write("scenarios/ERRORS.md", made.page() if page is None else page)
        return [message for _, _, message in made.check()]

    def test_error_codes_of_a_good_tree(self):
        self.assertEqual(self.catalogue('// throw Error(ErrorClass::refused, "x.y", "m");\n'), [])

    def test_every_code_that_is_made_is_listed(self):
        for source in ('throw Error(ErrorClass::corrupt, "x.y", m);', 'return Error(lost ? ErrorClass::corrupt : ErrorClass::stopped,\n "x.y", m);',
                       'Error late(model::ErrorClass::corrupt, "x.y", m);', ': Error(ErrorClass::corrupt, first ? "a.b" : "x.y", m);',
                       'constexpr const char* kName = "x.y"; Error(ErrorClass::corrupt, kName, m);',
                       'return {{"x.y", severity, o, f, w, r, {}}, true};', 'return {"x.y",\n model::Severity::note, o, f(a, b), w, r, {"G1"}};',
                       'Json{{"code", "x.y"}}'):
            self.assertIn("`x.y` is not in scenarios/errors.yaml", self.catalogue(source), source)
        helper = 'void refuse(const char* code) { throw Error(ErrorClass::refused, code, m); }\nvoid f() { refuse("x.y"); }'
        self.assertIn("`x.y` is not in scenarios/errors.yaml", self.catalogue(helper, path="migrator/route/postgres_leaf.cc"))
        problem = 'problems.add(place, "x.y", "m", "r");'
        self.assertIn("`x.y` is not in scenarios/errors.yaml", self.catalogue(problem, path="migrator/plan/a.cc"))

    def test_a_code_has_the_class_that_is_listed(self):
        for source in ('throw Error(ErrorClass::corrupt, "a.b", m);', 'Error(lost ? ErrorClass::corrupt : ErrorClass::refused, lost ? "a.b" : "a.b", m);'):
            self.assertEqual(self.catalogue(source), ["`a.b` is of the class corrupt here, by scenarios/errors.yaml refused"], source)
        self.assertEqual(self.catalogue(errors=self.ERRORS.replace("class: finding", "class: [finding, problem]")),
                         ["nothing makes `c.d` with the class problem"])

    def test_what_is_listed_is_made(self):
        self.assertEqual(self.catalogue(errors=self.ERRORS + "e.f:\n  class: stopped\n  meaning: It is.\n  remedy: Do.\n"),
                         ["nothing makes `e.f`"])

    def test_a_code_is_a_literal_where_it_is_made(self):
        for source in ("throw Error(ErrorClass::corrupt, code, m);", "throw Error(ErrorClass::corrupt, name_of(x), m);",
                       "return {code, Severity::note, o, f, w, r, {}};"):
            self.assertTrue(any("is no literal" in message for message in self.catalogue(source)), source)
        self.assertEqual(self.catalogue('throw Error(ErrorClass::corrupt, error.code(), "again: " + m);'), [])

    def test_a_code_that_is_put_together_has_its_family(self):
        family = self.ERRORS + "x.STATE:\n  class: operation\n  meaning: It is.\n  remedy: Do.\n"
        source = 'throw Error(ErrorClass::operation, "x." + state, m);'
        self.assertEqual(self.catalogue(source, family), [])
        self.assertIn("`x.X` is not in scenarios/errors.yaml", self.catalogue(source))
        self.assertIn("nothing makes `x.STATE`", self.catalogue(errors=family))

    def test_errors_are_compared_with_codes_that_there_are(self):
        self.assertEqual(self.catalogue('if (error.code() == "a.b" || error.code() != "a.c") {}'), ["no error has the code `a.c`"])

    def test_refusals_are_found_before_the_start(self):
        for was, becomes, message in (
                ("  met: at_start\n", "", "`a.b` is a refusal of the migrator: say how it is met"),
                ("at_start", "sometime", "`a.b` cannot be met `sometime`"),
                ("  found_by: [c.d]\n", "", "`a.b`: say which question finds it and which test shows that, or why none can"),
                ("  shown_by: Suite.Test\n", "", "`a.b`: say which question finds it and which test shows that, or why none can"),
                ("[c.d]", "[c.e]", "`a.b` is found by `c.e`, which no question says"),
                ("Suite.Test", "Suite.Other", "there is no test `Suite.Other`")):
            self.assertIn(message, self.catalogue(errors=self.ERRORS.replace(was, becomes)), was)
        because = self.ERRORS.replace("found_by: [c.d]\n  shown_by: Suite.Test", "because: nobody can know")
        self.assertEqual(self.catalogue(errors=because), [])

    def test_the_catalogue_is_whole(self):
        for was, becomes, message in (("  meaning: It is.\n  remedy: Do.\n", "  meaning: It is.\n", "`c.d` has no remedy"),
                                      ("It is.\n  remedy: Do.\n", "It is\n  remedy: Do.\n", "`c.d`: the meaning is a sentence"),
                                      ("class: finding", "class: find", "`c.d`: there is no class find"),
                                      ("c.d:", "a.b:", "`a.b` stands here a second time"),
                                      ("  remedy: Do.", " remedy: Do.", "not understood: ` remedy: Do.`")):
            self.assertIn(message, self.catalogue(errors=self.ERRORS.replace(was, becomes)), was)

    def test_the_page_is_what_the_catalogue_says(self):
        self.assertEqual(self.catalogue(page="# Error codes\n"), ["it is not what the catalogue says; scripts/check --fix writes it"])
        self.catalogue()
        with open(os.path.join(self.root, "scenarios/ERRORS.md"), encoding="utf-8") as page:
            self.assertIn("| `a.b` | It is. | Do this, then that. |", page.read())

    def test_the_check_of_the_tree_tells_of_error_codes(self):
        self.assertEqual(self.broken("migrator/stage/a.cc", 'Error(ErrorClass::corrupt, "x.y", m);\n'), ["error code"])

    def test_scripts_explain_themselves(self):
        self.assertEqual(self.broken("scripts/run", "#!/bin/sh\n", 0o755), ["help"])


if __name__ == "__main__":
    unittest.main()
