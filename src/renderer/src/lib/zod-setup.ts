import { z } from 'zod'

// zod otherwise compiles schemas with `new Function`, which the content security policy forbids.
// This module must be the first one that main.tsx imports: the setting has to stand before the first parse.
z.config({ jitless: true })
