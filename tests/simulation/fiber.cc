#include "tests/simulation/fiber.h"

#include <cxxabi.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "migrator/model/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define CUTOVER_FIBER_ASAN 1
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#define CUTOVER_FIBER_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif
// A switch by hand costs a few nanoseconds; swapcontext() asks the kernel for the signal mask each
// time. Sanitizers know swapcontext().
#if defined(__x86_64__) && !defined(CUTOVER_FIBER_ASAN) && !defined(CUTOVER_FIBER_TSAN)
#define CUTOVER_FIBER_BY_HAND 1
#endif

namespace cutover::simulation {

namespace {

constexpr std::size_t kPageBytes = 4096;
#if defined(CUTOVER_FIBER_ASAN) || defined(CUTOVER_FIBER_TSAN)
constexpr std::size_t kStackBytes = 1024 * 1024;
#else
constexpr std::size_t kStackBytes = 256 * 1024;
#endif

/// Stacks are kept for the next fiber: a seed makes hundreds of fibers.
class StackPool {
public:
    ~StackPool() {
        for (void* stack : free_) {
            munmap(stack, kStackBytes);
        }
    }
    void* take() {
        if (!free_.empty()) {
            void* stack = free_.back();
            free_.pop_back();
            return stack;
        }
        void* stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        CUTOVER_CHECK(stack != MAP_FAILED);
        // The lowest page catches an overflow.
        CUTOVER_CHECK(mprotect(stack, kPageBytes, PROT_NONE) == 0);
        return stack;
    }
    void give(void* stack) { free_.push_back(stack); }

private:
    std::vector<void*> free_;
};

StackPool& stack_pool() {
    static StackPool pool;
    return pool;
}

/// What the C++ runtime keeps per thread about exceptions in flight (Itanium ABI).
struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
};

ExceptionState& thread_exceptions() {
    return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

#ifdef CUTOVER_FIBER_BY_HAND
extern "C" void cutover_fiber_switch(void** save_stack, void* next_stack);
// Saves the callee-saved registers on the stack that is left, takes those of the stack that is
// entered.
asm(R"(
.text
.globl cutover_fiber_switch
.type cutover_fiber_switch,@function
cutover_fiber_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size cutover_fiber_switch,.-cutover_fiber_switch
)");
#endif

}  // namespace

struct FiberContext::Implementation {
    std::function<void()> body;
    void* stack = nullptr;
    ExceptionState exceptions;
#ifdef CUTOVER_FIBER_BY_HAND
    void* stack_pointer = nullptr;
#else
    ucontext_t context{};
#endif
#ifdef CUTOVER_FIBER_ASAN
    void* fake_stack = nullptr;
    const void* stack_bottom = nullptr;
    std::size_t stack_size = 0;
    Implementation* came_from = nullptr;
#endif
#ifdef CUTOVER_FIBER_TSAN
    void* tsan_fiber = nullptr;
#endif

    static void enter();
};

namespace {

/// Who is being switched to: read by a fiber that starts.
FiberContext::Implementation* entering = nullptr;

}  // namespace

void FiberContext::Implementation::enter() {
    Implementation* self = entering;
#ifdef CUTOVER_FIBER_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self->came_from->stack_bottom,
                                    &self->came_from->stack_size);
#endif
    self->body();
    model::check_failed("a fiber's body must not return", __FILE__, __LINE__);
}

FiberContext::FiberContext() : self_(std::make_unique<Implementation>()) {
#ifdef CUTOVER_FIBER_TSAN
    self_->tsan_fiber = __tsan_get_current_fiber();
#endif
}

FiberContext::FiberContext(std::function<void()> body) : self_(std::make_unique<Implementation>()) {
    self_->body = std::move(body);
    self_->stack = stack_pool().take();
#ifdef CUTOVER_FIBER_BY_HAND
    auto* top = reinterpret_cast<void**>(static_cast<char*>(self_->stack) + kStackBytes);
    // A return address that is never used keeps the alignment of a called function.
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(&Implementation::enter);
    for (int saved_register = 0; saved_register < 6; ++saved_register) {
        *--top = nullptr;
    }
    self_->stack_pointer = top;
#else
    getcontext(&self_->context);
    self_->context.uc_stack.ss_sp = self_->stack;
    self_->context.uc_stack.ss_size = kStackBytes;
    self_->context.uc_link = nullptr;
    makecontext(&self_->context, &Implementation::enter, 0);
#endif
#ifdef CUTOVER_FIBER_ASAN
    self_->stack_bottom = self_->stack;
    self_->stack_size = kStackBytes;
#endif
#ifdef CUTOVER_FIBER_TSAN
    self_->tsan_fiber = __tsan_create_fiber(0);
#endif
}

FiberContext::~FiberContext() {
    if (self_->stack != nullptr) {
        stack_pool().give(self_->stack);
#ifdef CUTOVER_FIBER_TSAN
        __tsan_destroy_fiber(self_->tsan_fiber);
#endif
    }
}

void FiberContext::switch_to(FiberContext& next, [[maybe_unused]] bool last) {
    Implementation& from = *self_;
    Implementation& to = *next.self_;
    from.exceptions = std::exchange(thread_exceptions(), to.exceptions);
    entering = &to;
#ifdef CUTOVER_FIBER_ASAN
    to.came_from = &from;
    __sanitizer_start_switch_fiber(last ? nullptr : &from.fake_stack, to.stack_bottom,
                                   to.stack_size);
#endif
#ifdef CUTOVER_FIBER_TSAN
    __tsan_switch_to_fiber(to.tsan_fiber, 0);
#endif
#ifdef CUTOVER_FIBER_BY_HAND
    cutover_fiber_switch(&from.stack_pointer, to.stack_pointer);
#else
    swapcontext(&from.context, &to.context);
#endif
#ifdef CUTOVER_FIBER_ASAN
    __sanitizer_finish_switch_fiber(from.fake_stack, &from.came_from->stack_bottom,
                                    &from.came_from->stack_size);
#endif
}

}  // namespace cutover::simulation
