// Every error of the class `refused` in the migrator, and which question of the precheck finds its
// reason before the task starts. refusals_test.cc holds this list against the sources: a new
// refusal has to be put here, with the question that comes first or the reason why there can be
// none.
#pragma once

#include <string_view>

namespace cutover::precheck {

enum class Met {
    at_start,   ///< by `migrate`, before the incremental phase: some question must find it
    by_chance,  ///< by `migrate`, but only from facts that are new since: somebody acted meanwhile
    in_rows,    ///< a value is the reason, which no catalog shows
    later,      ///< by the incremental phase or the cutover
    elsewhere,  ///< by another command, a file or an argument, or by the engine of the simulation
};

struct Refusal {
    std::string_view code;
    Met met;
    std::string_view found_by;  ///< codes of findings, with blanks between them
    std::string_view shown_by;  ///< `Suite.Test`: finds it, or meets it
    std::string_view why;       ///< in words, where no question can
};

inline constexpr Refusal kRefusals[] = {
    {"capture.foreign", Met::at_start, "source.capture_of_another",
     "OwnObjects.APublicationThatAnotherRoleMadeIsRefused", ""},
    {"capture.of_another", Met::at_start, "source.capture_of_another",
     "PrecheckTest.TellsOfASlotAndAPublicationOfOthersInTheWay", ""},
    {"column.missing", Met::at_start, "destination.column_missing",
     "PrecheckTest.RefusesADestinationTableWithoutASourceColumn", ""},
    {"control.no_right", Met::at_start, "destination.privilege_create connectivity.destination",
     "PrecheckAccount.CannotStartWhereTheControlSchemaIsNotForIt", ""},
    {"control.schema_foreign", Met::at_start, "connectivity.destination",
     "PrecheckTest.RefusesAControlSchemaThatIsNotOurs", ""},
    {"destination.code_of_others", Met::at_start, "destination.code_of_others",
     "Bystanders.ATriggerOfAnotherRoleBlocks", ""},
    {"destination.foreign_key", Met::at_start, "destination.foreign_keys",
     "PrecheckAccount.TellsOfForeignKeysThatItWouldBeHeldTo", ""},
    {"destination.triggers", Met::at_start, "destination.triggers destination.foreign_keys",
     "PrecheckAccount.TellsOfForeignKeysThatItWouldBeHeldTo", ""},
    {"destination.version", Met::at_start, "destination.version", "",
     "by the same function; no server so old is at hand"},
    {"plan.blocked", Met::at_start, "types.differ mapping.claimed_twice",
     "PrecheckTest.RefusesAnotherTypeAndAnotherKeyAtTheDestination",
     "the route's own findings: `types` and `names` tell them all"},
    {"postgres.connect_refused", Met::at_start, "connectivity.source connectivity.destination",
     "PrecheckTest.NamesAWrongPasswordWithoutShowingIt", ""},
    {"postgres.cleartext_password", Met::at_start, "connectivity.source connectivity.destination",
     "", "both ends are connected to in the same way by both commands"},
    {"postgres.not_a_server", Met::at_start, "connectivity.source connectivity.destination", "",
     "both ends are connected to in the same way by both commands"},
    {"postgres.environment", Met::at_start, "connectivity.source connectivity.destination", "",
     "both ends are connected to in the same way by both commands"},
    {"postgres.pooler", Met::at_start, "source.replication_session connectivity.source", "",
     "the precheck opens the same session"},
    {"postgres.require_auth", Met::at_start, "connectivity.source connectivity.destination", "",
     "both ends are connected to in the same way by both commands"},
    {"precheck.blocked", Met::at_start, "", "", "it is the precheck's own answer"},
    {"route.type_without_counterpart", Met::at_start, "types.without_counterpart",
     "PostgresToPostgres.RefusesTypesInsideValuesThatNobodyMakes", ""},
    {"schema.calls", Met::at_start, "destination.schema_step",
     "Expressions.ACheckThatDoesMoreThanComputeIsRefusedByName", ""},
    {"schema.exists", Met::at_start, "destination.table_exists destination.object_exists",
     "PrecheckTest.TriesTheSchemaAndLeavesNothingOfIt", ""},
    {"schema.step", Met::at_start,
     "destination.needed_objects destination.privilege_schema destination.schema_step",
     "PrecheckTest.NamesAllThatTheDefinitionsAreMadeOfAtOnce",
     "of more statements than one transaction has room for, the rest is not tried"},
    {"sequence.unreadable", Met::at_start, "source.privilege_sequence",
     "PrecheckTest.NamesTheRightsThatAreMissing", ""},
    {"slot.foreign", Met::at_start, "source.slot_foreign",
     "PrecheckTest.TellsOfASlotAndAPublicationOfOthersInTheWay", ""},
    {"source.filter_identity", Met::at_start, "source.replica_identity_filter",
     "PrecheckTest.AsksAFilterOfAPartitionedTableOfItsPartitions", ""},
    {"source.replica_identity", Met::at_start, "source.replica_identity",
     "PrecheckTest.RefusesKeylessTablesWhoseOldRowsTheLogDoesNotName", ""},
    {"source.text", Met::at_start, "connectivity.source",
     "Expressions.AStatementBehindAnExpressionIsNotRun", ""},
    {"source.virtual_column", Met::at_start, "source.virtual_column",
     "Ugly18.AKeylessTableWithAVirtualColumnIsRefusedBeforeItsUpdatesWouldBe", ""},
    {"table.missing", Met::at_start, "destination.table_missing",
     "PrecheckTest.RefusesADestinationTableWithoutASourceColumn", ""},
    {"task.changed", Met::at_start, "task.changed", "PrecheckTest.KnowsATaskThatHasBeenStarted",
     ""},
    {"task.finished", Met::at_start, "task.finished", "TaskRecord.RefusesWhatCannotGoOn", ""},

    {"publication.changed", Met::by_chance, "", "SourceProofTest.SeesThatThePublicationWasTouched",
     "somebody has touched the publication since"},
    {"slot.lost", Met::by_chance, "", "", "the source has given up the slot since"},
    {"slot.missing", Met::by_chance, "", "", "somebody has dropped the slot since"},
    {"slot.recreated", Met::by_chance, "", "", "somebody has made the slot anew since"},
    {"source.another", Met::by_chance, "", "", "another server answers than at the start"},
    {"source.grown", Met::later, "", "", "of `finish`: there is more than the plan has"},
    {"source.changed", Met::by_chance, "", "PlanCheck.SaysWhatHasChanged",
     "a table was altered since"},
    {"table.changed", Met::by_chance, "", "RelationMapTest.NamesEveryDifference",
     "a table was altered since"},
    {"table.exchanged", Met::by_chance, "", "Exchanged.AViewThatTookATablesPlaceIsNotCopied",
     "its owner has put something else in its place since"},
    {"sequence.exchanged", Met::by_chance, "", "Exchanged.AViewThatTookASequencesPlaceIsNotRead",
     "its owner has put something else in its place since"},
    {"table.kind", Met::by_chance, "", "",
     "something else has taken the place of the destination's table since"},
    {"task.released", Met::by_chance, "",
     "SinkContract.WhatWasReleasedIsNotBegunAnewByAProcessThatHadIt", "somebody released it"},
    {"task.running", Met::by_chance, "", "SinkContract.ATaskIsClaimedByOneProcessAtATime",
     "another process of this task: asking beside it is no fault"},

    {"copy.encoding", Met::in_rows, "source.encoding", "",
     "which bytes are no text is known when they are read; that there may be such is told"},
    {"copy.value", Met::in_rows, "types.encoding", "",
     "which value the destination does not take is known when it is met"},
    {"route.empty_tsquery", Met::in_rows, "", "TypeIds.RefusesAnEmptyTextSearchQueryByName",
     "only reading every row would find it"},
    {"route.empty_vector", Met::in_rows, "", "Ugly.AnEmptyVectorIsRefusedByRowAndColumn",
     "only reading every row would find it"},
    {"route.interval_infinity", Met::in_rows, "types.interval_infinity",
     "TypeIds.RefusesInfiniteIntervalsThatTheDestinationReadsAsFinite",
     "only reading every row would find it; that there may be such is told"},
    {"route.money", Met::in_rows, "types.money_digits", "TypeIds.CarriesMoneyByValue",
     "only reading every row would find it; that there may be such is told"},

    {"row.too_large", Met::in_rows, "",
     "TransactionAssemblerTest.RefusesARowThatIsTooLargeByTableKeyAndSize",
     "only reading every row would find it"},

    {"apply.value", Met::later, "", "", "a value of a change"},
    {"cell.text_form", Met::later, "", "", "a form of a value in the log"},
    {"finish.fence_refused", Met::later, "", "", "of `finish`"},
    {"finish.no_proof", Met::later, "", "", "of `finish`"},
    {"incremental.keyless_without_old_row", Met::later, "", "", "what the log has of a change"},
    {"log.encoding", Met::later, "source.encoding", "", "bytes of a change"},
    {"sequence.missing", Met::later, "destination.sequence_missing", "",
     "of `finish`: dropped at the destination since"},
    {"source.identity_shared", Met::later, "", "", "of `release`"},
    {"source.new_sequence", Met::later, "", "PlanCheck.NamesASequenceThatWasMadeSince",
     "of `finish`"},
    {"table.replica_identity", Met::later, "", "RelationMapTest.WantsOldKeysInTheLog",
     "altered since"},

    {"command.refused", Met::elsewhere, "", "", "an operator's command"},
    {"command.unknown", Met::elsewhere, "", "", "an operator's command"},
    {"engine.unknown", Met::elsewhere, "", "", "the task file; the precheck fails by it, too"},
    {"finish.argument", Met::elsewhere, "", "", "an operator's command"},
    {"finish.phase", Met::elsewhere, "", "", "an operator's command"},
    {"finish.under_way", Met::elsewhere, "", "", "an operator's command"},
    {"memory.column_gone", Met::elsewhere, "", "", "the simulation"},
    {"memory.filter", Met::elsewhere, "", "", "the simulation"},
    {"memory.no_column", Met::elsewhere, "", "", "the simulation"},
    {"memory.statement", Met::elsewhere, "", "", "the simulation"},
    {"memory.type", Met::elsewhere, "", "", "the simulation"},
    {"output.path", Met::elsewhere, "", "", "an argument, before anything else is done"},
    {"route.unknown", Met::elsewhere, "", "", "the task file; the precheck fails by it, too"},
    {"release.late_write", Met::elsewhere, "", "", "an operator's command"},
    {"task.not_running", Met::elsewhere, "", "", "an operator's command"},
    {"task.unclaimed", Met::elsewhere, "", "", "a defect of the program"},
    {"task.unknown", Met::elsewhere, "", "", "an operator's command"},
    {"task_file.invalid", Met::elsewhere, "", "", "the task file"},
    {"throttle.argument", Met::elsewhere, "", "", "an operator's command"},
};

}  // namespace cutover::precheck
