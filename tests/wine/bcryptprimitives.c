/* Wine 8 has no bcryptprimitives.dll, from which Rust's standard library takes random bytes. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom, in advapi32 */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T size) {
    while (size > 0) {
        ULONG part = size < 0x10000 ? (ULONG)size : 0x10000;
        if (!SystemFunction036(bytes, part)) return FALSE;
        bytes += part;
        size -= part;
    }
    return TRUE;
}
