// Bugs that are put in on purpose, so that the simulation can show that it finds them. Only the
// simulation's own copy of the core is built with CUTOVER_DELIBERATE_BUGS; everywhere else the
// question is answered with `false` at compile time, and the lines behind it are gone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cutover::flow {

enum class Bug : std::uint8_t {
    none,
    marker_in_another_transaction,
    acknowledge_before_durable,
    stamp_ignored,
    commit_ticket_skipped,
    receipt_without_rows,
    rows_without_receipt,
    resume_without_emptying,
    key_change_judged_by_one_chunk,
    absent_cell_taken_for_null,
    fence_not_checked,
    redelivered_transaction_taken_twice,
    truncate_after_rows,
    settled_too_early,
    collapse_across_truncate,
    unique_move_in_place,
    tolerant_never_ends,
    strict_too_early,
    row_leaving_filter_dropped,
    log_in_begin_order,
    rows_read_again_not_recorded,
    rows_read_again_forgotten,
    read_again_too_early,
    settled_beside_reading,
    moved_row_based_on_later_one,
    idle_position_taken_too_early,
    lanes_ignore_footprint,
    view_not_stored,
    gap_not_verified,
    sequence_not_set,
    finish_without_asking_the_source,
    modes_of_the_next_batch,
    copied_again_beside_lanes,
    freed_unique_not_met,
    unique_keys_too_early,
    finish_without_quiet_proof,
    finish_beside_open_transactions,
    later_batch_never_gives_way,
    rows_without_claim,
    marker_before_rows,
    receipt_before_rows,
    batch_larger_than_allowed,
    reach_not_stored,
    reach_goes_back,
    stamp_of_the_second_try,
    unique_value_in_the_way,
    foreign_keys_too_early,
};

struct BugName {
    Bug bug;
    std::string_view name;
    std::string_view what;
};

inline constexpr std::array kBugs = {
    BugName{Bug::marker_in_another_transaction, "marker_in_another_transaction",
            "rows are committed first, their marker in a transaction of its own"},
    BugName{Bug::acknowledge_before_durable, "acknowledge_before_durable",
            "the source may forget what has only been read"},
    BugName{Bug::stamp_ignored, "stamp_ignored",
            "a change that a chunk's view had seen is applied again, as if it were new"},
    BugName{Bug::commit_ticket_skipped, "commit_ticket_skipped",
            "lanes commit as they come, not in source order"},
    BugName{Bug::receipt_without_rows, "receipt_without_rows",
            "the receipt is committed before the chunk's rows"},
    BugName{Bug::rows_without_receipt, "rows_without_receipt",
            "the rows are committed before the chunk's receipt"},
    BugName{Bug::resume_without_emptying, "resume_without_emptying",
            "a table that is copied anew is not emptied first"},
    BugName{Bug::key_change_judged_by_one_chunk, "key_change_judged_by_one_chunk",
            "an update that changes the key is dropped or applied as a whole"},
    BugName{Bug::absent_cell_taken_for_null, "absent_cell_taken_for_null",
            "a value that the log does not carry becomes NULL instead of being read again"},
    BugName{Bug::fence_not_checked, "fence_not_checked",
            "a process that has lost its claim can still commit"},
    BugName{Bug::redelivered_transaction_taken_twice, "redelivered_transaction_taken_twice",
            "a transaction that comes again is applied again"},
    BugName{Bug::truncate_after_rows, "truncate_after_rows",
            "a truncate takes effect at the end of its batch"},
    BugName{Bug::settled_too_early, "settled_too_early",
            "a table counts as settled at the first transaction after the copy"},
    BugName{Bug::collapse_across_truncate, "collapse_across_truncate",
            "rows from before a truncate are kept in the batch"},
    BugName{Bug::unique_move_in_place, "unique_move_in_place",
            "a row whose unique value changes is updated in place"},
    BugName{Bug::tolerant_never_ends, "tolerant_never_ends",
            "contradictions are overlooked for ever, not only until the copy has settled"},
    BugName{Bug::strict_too_early, "strict_too_early",
            "a resumed copy is held to a strict log before it has settled"},
    BugName{Bug::row_leaving_filter_dropped, "row_leaving_filter_dropped",
            "a row that leaves the filter stays at the destination"},
    BugName{Bug::log_in_begin_order, "log_in_begin_order",
            "transactions are taken in the order of their begin, older ones are skipped"},
    BugName{Bug::rows_read_again_not_recorded, "rows_read_again_not_recorded",
            "the view of rows that were read again is not stored with them"},
    BugName{Bug::rows_read_again_forgotten, "rows_read_again_forgotten",
            "a table settles before the log has passed the view of rows that were read again"},
    BugName{Bug::read_again_too_early, "read_again_too_early",
            "rows are read again under a view that has not seen all of their batch"},
    BugName{Bug::settled_beside_reading, "settled_beside_reading",
            "a table settles while a batch under way reads rows of it again"},
    BugName{Bug::moved_row_based_on_later_one, "moved_row_based_on_later_one",
            "a row that moves is completed from whatever lies at its old key, or at its new one"},
    BugName{Bug::idle_position_taken_too_early, "idle_position_taken_too_early",
            "an idle source's position is stored while batches are still under way"},
    BugName{Bug::lanes_ignore_footprint, "lanes_ignore_footprint",
            "a batch takes effect before an earlier one that touches the same keys"},
    BugName{Bug::view_not_stored, "view_not_stored",
            "the view that the copy is begun under is not stored before its first chunk"},
    BugName{Bug::gap_not_verified, "gap_not_verified",
            "nobody proves that the log still reaches back to what is applied"},
    BugName{Bug::sequence_not_set, "sequence_not_set", "the cutover does not set sequences"},
    BugName{Bug::finish_without_asking_the_source, "finish_without_asking_the_source",
            "the cutover takes what is applied for all there is"},
    BugName{Bug::modes_of_the_next_batch, "modes_of_the_next_batch",
            "a batch is applied as strictly as its table is when it leaves"},
    BugName{Bug::copied_again_beside_lanes, "copied_again_beside_lanes",
            "a table is copied again while lanes still write"},
    BugName{Bug::freed_unique_not_met, "freed_unique_not_met",
            "a later batch takes a unique value that an earlier one has yet to let go"},
    BugName{Bug::unique_keys_too_early, "unique_keys_too_early",
            "unique keys are built before the copy is consistent"},
    BugName{Bug::finish_without_quiet_proof, "finish_without_quiet_proof",
            "the cutover takes a pause of the writers for their end"},
    BugName{Bug::finish_beside_open_transactions, "finish_beside_open_transactions",
            "the cutover does not wait for transactions that have written"},
    BugName{Bug::later_batch_never_gives_way, "later_batch_never_gives_way",
            "a batch waits for its turn and keeps the lock that an earlier one needs"},
    BugName{Bug::rows_without_claim, "rows_without_claim",
            "not atomic: a row is written without asking for the claim"},
    BugName{Bug::marker_before_rows, "marker_before_rows",
            "not atomic: a batch's marker is stored before its rows"},
    BugName{Bug::receipt_before_rows, "receipt_before_rows",
            "not atomic: a chunk's receipt is stored before its rows"},
    BugName{Bug::batch_larger_than_allowed, "batch_larger_than_allowed",
            "nobody asks how many rows the destination takes at once"},
    BugName{Bug::reach_not_stored, "reach_not_stored",
            "not atomic: how far a batch reaches is not stored before its rows"},
    BugName{Bug::reach_goes_back, "reach_goes_back",
            "not atomic: who goes on from the marker forgets how far its predecessor has reached"},
    BugName{
        Bug::stamp_of_the_second_try, "stamp_of_the_second_try",
        "not atomic: what the first try has left of a chunk is judged by the view of the second"},
    BugName{Bug::unique_value_in_the_way, "unique_value_in_the_way",
            "not atomic: a later row keeps a unique value that an earlier one needs"},
    BugName{Bug::foreign_keys_too_early, "foreign_keys_too_early",
            "foreign keys are added while lanes are held to them"},
};

#ifdef CUTOVER_DELIBERATE_BUGS
inline Bug active_bug = Bug::none;
inline bool deliberate_bug(Bug bug) {
    return bug == active_bug;
}
#else
constexpr bool deliberate_bug(Bug) {
    return false;
}
#endif

}  // namespace cutover::flow
