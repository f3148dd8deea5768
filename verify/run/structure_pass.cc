#include "verify/run/structure_pass.h"

#include "migrator/model/error.h"
#include "verify/run/remedy.h"

namespace cutover::verify {

void compare_structure_of(const Agenda& agenda, const Request& request,
                          const SnapshotPair& snapshots, const Builder& builder, Result& result,
                          Doubts& doubts) {
    if (!request.structure && !request.sequences) {
        result.not_compared.push_back("structure and sequences: switched off");
        return;
    }
    SchemaFacts source;
    SchemaFacts destination;
    try {
        source = snapshots.another_source()->facts(agenda.source, &request.mapping);
        destination = snapshots.another_destination()->facts(agenda.destination, nullptr);
    } catch (const model::Error& error) {
        if (error.error_class() == model::ErrorClass::connection) {
            throw;
        }
        doubts.unread_structure = with_remedy(error);
        result.quotes.push_back(error.message());
        result.not_compared.push_back("structure and sequences: could not be read");
        return;
    }
    if (request.structure) {
        result.schema = compare_structure(source, destination, builder);
    } else {
        result.not_compared.push_back("structure: switched off");
    }
    if (request.sequences) {
        result.sequences = compare_sequences(source, destination, builder);
    } else {
        result.not_compared.push_back("sequences: switched off");
    }
}

}  // namespace cutover::verify
