// The sections of the page, in the order in which a reader needs them. Each writes itself, or
// nothing if the run has nothing to say there.
#pragma once

#include "scenarios/evidence/evidence.h"
#include "scenarios/report/html.h"

namespace cutover::scenarios::report {

// sections_proof.cc: was everything there?
void not_proved_section(Html& html, const Evidence& evidence);
void assertion_section(Html& html, const Evidence& evidence);
void proof_section(Html& html, const Evidence& evidence);
void workload_section(Html& html, const Evidence& evidence);
void declared_losses_section(Html& html, const Evidence& evidence);
void after_section(Html& html, const Evidence& evidence);

// sections_run.cc: what happened?
void timeline_section(Html& html, const Evidence& evidence);
void resume_section(Html& html, const Evidence& evidence);
void trouble_section(Html& html, const Evidence& evidence);
void findings_section(Html& html, const Evidence& evidence);
void reproduction_section(Html& html, const Evidence& evidence);

// sections_measured.cc: how fast, and what does that mean for production?
void measured_section(Html& html, const Evidence& evidence);

}  // namespace cutover::scenarios::report
