// SPDX-License-Identifier: Apache-2.0

/** Linux's errors by number, from 1 (include/uapi/asm-generic/errno*.h); `-` is unused. */
const names = `
	EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY
	EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK
	EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC
	EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR
	ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG
	EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE
	EUSERS ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP
	EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED
	ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN
	EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM
	EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL -
`
	.trim()
	.split(/\s+/);

/** libbpf's own errors, from 4000 (`enum libbpf_errno`, libbpf.h). */
const libbpfNames = [
	"LIBELF",
	"FORMAT",
	"KVERSION",
	"ENDIAN",
	"INTERNAL",
	"RELOC",
	"LOAD",
	"VERIFY",
	"PROG2BIG",
	"KVER",
	"PROGTYPE",
];

/** EOPNOTSUPP, internal to the kernel (include/linux/errno.h); some calls return it to users. */
export const ENOTSUPP = 524;

/** Errors of the guest's Linux; the host may be another system with other numbers. */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const ENXIO = 6;
export const E2BIG = 7;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOSPC = 28;
export const EOPNOTSUPP = 95;
export const EADDRNOTAVAIL = 99;
export const ENOBUFS = 105;
export const LIBBPF_FORMAT = 4001;
export const LIBBPF_ENDIAN = 4003;

/** `EACCES` for 13; `errno 9999` for an unknown number; `no error number` for 0. */
export function errnoName(errno: number): string {
	if (errno === 0) return "no error number";
	if (errno === ENOTSUPP) return "ENOTSUPP";
	const libbpf = libbpfNames[errno - 4000];
	if (libbpf !== undefined) return `LIBBPF_ERRNO__${libbpf}`;
	const name = names[errno - 1];
	return name === undefined || name === "-" ? `errno ${errno}` : name;
}
