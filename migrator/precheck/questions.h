// The questions of the precheck: each takes the facts and returns findings, none if all is well.
// There is one file per question, named like its function. A new question is a file, a line here
// and a line in precheck.cc. No question changes anything, and none decides whether the task
// starts: the severity does.
#pragma once

#include <string>
#include <vector>

#include "migrator/model/finding.h"
#include "migrator/precheck/facts.h"

namespace cutover::precheck {

using Findings = std::vector<model::Finding>;
using model::some_of;

// This question is asked first, whichever ends answer. It may throw: connection, refused.
Findings connectivity(const Facts& facts);  ///< do both ends answer, are they what they must be

// These are asked only if both ends answer; facts.planned then has a value. They may throw:
// connection, refused.
Findings versions(const Facts& facts);          ///< do we know both servers
Findings capture_settings(const Facts& facts);  ///< does the source write the log that we need
Findings capture_capacity(const Facts& facts);  ///< is there room for one more reader of the log
Findings log_retention(const Facts& facts);     ///< is the log kept long enough
Findings privileges(const Facts& facts);        ///< may the accounts do what the phases need
Findings selection(const Facts& facts);         ///< does every name in the task file mean something
Findings same_names(const Facts& facts);        ///< what is there already at the destination
Findings types(const Facts& facts);             ///< can every column be carried
Findings names(const Facts& facts);             ///< does every object find its place
Findings filters(const Facts& facts);           ///< is each row filter a condition
Findings keys(const Facts& facts);              ///< can every row be told from its neighbours
Findings replica_identity(const Facts& facts);  ///< does the log name the rows that change
Findings object_kinds(const Facts& facts);      ///< what is there that is not carried
Findings needed_objects(const Facts& facts);    ///< is there what carried definitions are made of
Findings schema_trial(const Facts& facts);  ///< does the destination take the schema's statements
Findings task_record(const Facts& facts);   ///< does what is known of the task let it go on
Findings documented_limits(const Facts& facts);  ///< what would the real service say to this task
Findings destination_space(const Facts& facts);  ///< how much room does it take

/// The requirements of an engine that are not met, as findings.
Findings unmet(const Facts& facts, engine::Topic topic, bool as_source);

}  // namespace cutover::precheck
