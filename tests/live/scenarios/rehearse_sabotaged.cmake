# A tampered rehearsal must say no-go, and for the reason that was given: the judge and the bank see
# the damage, and the cutover itself went well. Any other no-go would hide that they are blind.
# Takes: PROGRAM, NAME, SCENARIOS, REPORTS.
execute_process(
    COMMAND "${PROGRAM}" rehearse ${NAME} --seed 1
        --scenarios "${SCENARIOS}" --report-dir "${REPORTS}"
    RESULT_VARIABLE code)
if(NOT code EQUAL 1)
    message(FATAL_ERROR "the rehearsal ended with ${code}; it must end with 1 (no-go)")
endif()

file(READ "${REPORTS}/sabotaged_${NAME}_1/report.json" report)
string(JSON count LENGTH "${report}" assertions)
math(EXPR last "${count} - 1")
foreach(at RANGE ${last})
    string(JSON name GET "${report}" assertions ${at} name)
    string(JSON passed_${name} GET "${report}" assertions ${at} passed)
endforeach()

foreach(broken equal bank_total)
    if(NOT "${passed_${broken}}" STREQUAL "OFF")
        message(FATAL_ERROR "`${broken}` must fail; its result is `${passed_${broken}}`")
    endif()
endforeach()
foreach(whole survived timeline cut_over)
    if(NOT "${passed_${whole}}" STREQUAL "ON")
        message(FATAL_ERROR "`${whole}` must hold; its result is `${passed_${whole}}`")
    endif()
endforeach()

string(JSON again GET "${report}" reproduction)
if(NOT again MATCHES " --scenarios .*tests/live/scenarios/sabotage$")
    message(FATAL_ERROR "whoever runs `${again}` does not find the scenario")
endif()
